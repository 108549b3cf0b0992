import { brand } from "./_components/brand.ts";
import { Layout } from "./_components/layout.tsx";
import { Button, Greeting, Paragraph, Title } from "./_components/text.tsx";

export interface FeatureSpotlightProps {
  firstName: string | undefined;
  feature: { name: string; benefit: string; url: string };
}

export default function FeatureSpotlight({ firstName, feature }: FeatureSpotlightProps) {
  return (
    <Layout
      preheader={feature.benefit}
      because={`You get this because you signed up for ${brand.name} a few days ago.`}
    >
      <Title>Have you tried {feature.name}?</Title>
      <Greeting name={firstName} />
      <Paragraph>{feature.benefit}</Paragraph>
      <Button href={feature.url}>Try {feature.name}</Button>
    </Layout>
  );
}

FeatureSpotlight.PreviewProps = {
  firstName: "Ada",
  feature: {
    name: "alerts",
    benefit: "Hear about a change in your numbers before anybody asks.",
    url: `${brand.appUrl}/alerts`,
  },
} satisfies FeatureSpotlightProps;
