import { brand } from "./_components/brand.ts";
import { Layout } from "./_components/layout.tsx";
import { useTexts } from "./_components/reader-locale.ts";
import { Button, Greeting, List, Paragraph, Title } from "./_components/text.tsx";

export interface FeatureGuideProps {
  firstName: string | undefined;
  feature: { name: string; benefit: string; url: string };
  /** Whole sentences, three at most. */
  tips: string[];
}

export default function FeatureGuide({ firstName, feature, tips }: FeatureGuideProps) {
  const texts = useTexts(FeatureGuide);
  return (
    <Layout preheader={texts.preheader(feature.name)} because={texts.because(feature.name)}>
      <Title>{texts.title(feature.name)}</Title>
      <Greeting name={firstName} />
      <Paragraph>{texts.idea(feature)}</Paragraph>
      <List intro={texts.tips} items={tips} />
      <Button href={feature.url}>{texts.button(feature.name)}</Button>
    </Layout>
  );
}

FeatureGuide.texts = {
  en: {
    preheader: (feature: string) => `You have used ${feature} once. This is how to get more out of it.`,
    because: (feature: string) => `You get this because you used ${feature} in ${brand.name} for the first time.`,
    title: (feature: string) => `Get more out of ${feature}`,
    idea: ({ name, benefit }: FeatureGuideProps["feature"]) =>
      `You have used ${name} for the first time. The idea in one line: ${benefit}`,
    tips: "What helps from here:",
    button: (feature: string) => `Open ${feature}`,
  },
  de: {
    preheader: (feature: string) => `${feature}: Das erste Mal ist geschafft. So holst du mehr heraus.`,
    because: (feature: string) =>
      `Du bekommst diese E-Mail, weil du in ${brand.name} zum ersten Mal etwas genutzt hast: ${feature}.`,
    title: (feature: string) => `So holst du mehr heraus: ${feature}`,
    idea: ({ name, benefit }: FeatureGuideProps["feature"]) =>
      `Du hast etwas zum ersten Mal genutzt: ${name}. Die Idee in einem Satz: ${benefit}`,
    tips: "Das hilft dir weiter:",
    button: (feature: string) => `${feature} öffnen`,
  },
};

FeatureGuide.PreviewProps = {
  firstName: "Ada",
  feature: {
    name: "alerts",
    benefit: "Hear about a change in your numbers before anybody asks.",
    url: `${brand.appUrl}/alerts`,
  },
  tips: [
    "Start with one number that you look at every day.",
    "Set the limit a little wider than feels right; you can narrow it later.",
    "Send it to the channel where your team already talks.",
  ],
} satisfies FeatureGuideProps;
