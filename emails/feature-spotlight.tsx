import { brand } from "./_components/brand.ts";
import { Layout } from "./_components/layout.tsx";
import { useTexts } from "./_components/reader-locale.ts";
import { Button, Greeting, Paragraph, Title } from "./_components/text.tsx";

export interface FeatureSpotlightProps {
  firstName: string | undefined;
  feature: { name: string; benefit: string; url: string };
}

export default function FeatureSpotlight({ firstName, feature }: FeatureSpotlightProps) {
  const texts = useTexts(FeatureSpotlight);
  return (
    <Layout preheader={feature.benefit} because={texts.because}>
      <Title>{texts.title(feature.name)}</Title>
      <Greeting name={firstName} />
      <Paragraph>{feature.benefit}</Paragraph>
      <Button href={feature.url}>{texts.button(feature.name)}</Button>
    </Layout>
  );
}

FeatureSpotlight.texts = {
  en: {
    because: `You get this because you signed up for ${brand.name} a few days ago.`,
    title: (feature: string) => `Have you tried ${feature}?`,
    button: (feature: string) => `Try ${feature}`,
  },
  de: {
    because: `Du bekommst diese E-Mail, weil du dich vor ein paar Tagen bei ${brand.name} registriert hast.`,
    title: (feature: string) => `Kennst du schon ${feature}?`,
    button: (feature: string) => `${feature} ausprobieren`,
  },
};

FeatureSpotlight.PreviewProps = {
  firstName: "Ada",
  feature: {
    name: "alerts",
    benefit: "Hear about a change in your numbers before anybody asks.",
    url: `${brand.appUrl}/alerts`,
  },
} satisfies FeatureSpotlightProps;
