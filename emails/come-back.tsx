import { brand } from "./_components/brand.ts";
import { Layout } from "./_components/layout.tsx";
import { useTexts } from "./_components/reader-locale.ts";
import { Button, Greeting, Paragraph, Title } from "./_components/text.tsx";

export interface ComeBackProps {
  firstName: string | undefined;
  /** Days since the last visit, when known. */
  daysAway: number | undefined;
  feature: { name: string; benefit: string; url: string };
}

export default function ComeBack({ firstName, daysAway, feature }: ComeBackProps) {
  const texts = useTexts(ComeBack);
  return (
    <Layout preheader={feature.benefit} because={texts.because}>
      <Title>{texts.title(feature.name)}</Title>
      <Greeting name={firstName} />
      <Paragraph>
        {daysAway === undefined ? texts.away : texts.awayFor(daysAway)} {texts.look(feature.benefit)}
      </Paragraph>
      <Button href={feature.url}>{texts.button(feature.name)}</Button>
    </Layout>
  );
}

ComeBack.texts = {
  en: {
    because: `You get this because you have a ${brand.name} account that you have not used for a while.`,
    title: (feature: string) => `One thing you have not tried: ${feature}`,
    away: "It has been a while.",
    awayFor: (days: number) => `It has been ${days} days.`,
    look: (benefit: string) => `Here is something that may be worth a look: ${benefit}`,
    button: (feature: string) => `See ${feature}`,
  },
  de: {
    because: `Du bekommst diese E-Mail, weil du ein Konto bei ${brand.name} hast, das du länger nicht genutzt hast.`,
    title: (feature: string) => `Noch nicht ausprobiert: ${feature}`,
    away: "Es ist eine Weile her.",
    awayFor: (days: number) => `Dein letzter Besuch ist ${days} Tage her.`,
    look: (benefit: string) => `Das hier könnte einen Blick wert sein: ${benefit}`,
    button: (feature: string) => `${feature} ansehen`,
  },
};

ComeBack.PreviewProps = {
  firstName: "Ada",
  daysAway: 30,
  feature: {
    name: "scheduled reports",
    benefit: "Your Monday numbers in your inbox, without anybody opening a dashboard.",
    url: `${brand.appUrl}/reports/schedule`,
  },
} satisfies ComeBackProps;
