import { brand } from "./_components/brand.ts";
import { Layout } from "./_components/layout.tsx";
import { useTexts } from "./_components/reader-locale.ts";
import { Button, Greeting, Paragraph, Title } from "./_components/text.tsx";

export interface LastCallProps {
  firstName: string | undefined;
  feature: { name: string; benefit: string; url: string };
  /** Days since the last visit, when known. */
  daysAway: number | undefined;
}

export default function LastCall({ firstName, feature, daysAway }: LastCallProps) {
  const texts = useTexts(LastCall);
  return (
    <Layout preheader={texts.preheader(feature.name)} because={texts.because}>
      <Title>{texts.title}</Title>
      <Greeting name={firstName} />
      <Paragraph>
        {daysAway === undefined ? texts.away : texts.awayFor(daysAway)} {texts.fine}
      </Paragraph>
      <Paragraph>{texts.look(feature)}</Paragraph>
      <Button href={feature.url}>{texts.button(feature.name)}</Button>
    </Layout>
  );
}

LastCall.texts = {
  en: {
    preheader: (feature: string) => `The last reminder, and one thing worth a look: ${feature}.`,
    because: `You get this because you have not used your ${brand.name} account for a while. It is the last reminder.`,
    title: "Our last reminder",
    away: "You have not been here for a while.",
    awayFor: (days: number) => `You have not been here for ${days} days.`,
    fine: "That is fine, and we will not send another reminder after this one.",
    look: ({ name, benefit }: LastCallProps["feature"]) =>
      `If you look at one thing before you go, let it be ${name}: ${benefit}`,
    button: (feature: string) => `See ${feature}`,
  },
  de: {
    preheader: (feature: string) => `Die letzte Erinnerung, und einen Blick wert: ${feature}.`,
    because: `Du bekommst diese E-Mail, weil du dein Konto bei ${brand.name} länger nicht genutzt hast. Es ist die letzte Erinnerung.`,
    title: "Unsere letzte Erinnerung",
    away: "Du warst eine Weile nicht hier.",
    awayFor: (days: number) => `Du warst ${days} Tage nicht hier.`,
    fine: "Das ist in Ordnung, und nach dieser E-Mail schicken wir dir keine Erinnerung mehr.",
    look: ({ name, benefit }: LastCallProps["feature"]) =>
      `Wenn du dir vorher nur eines ansiehst, dann das: ${name}. ${benefit}`,
    button: (feature: string) => `${feature} ansehen`,
  },
};

LastCall.PreviewProps = {
  firstName: "Ada",
  feature: {
    name: "segments",
    benefit: "Compare two groups of customers side by side, in two clicks.",
    url: `${brand.appUrl}/segments`,
  },
  daysAway: 60,
} satisfies LastCallProps;
