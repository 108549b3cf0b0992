import { brand } from "./_components/brand.ts";
import { Layout } from "./_components/layout.tsx";
import { Button, Greeting, List, Paragraph, Title } from "./_components/text.tsx";

export interface FeatureGuideProps {
  firstName: string | undefined;
  feature: { name: string; benefit: string; url: string };
  /** Whole sentences, three at most. */
  tips: string[];
}

export default function FeatureGuide({ firstName, feature, tips }: FeatureGuideProps) {
  return (
    <Layout
      preheader={`You have used ${feature.name} once. This is how to get more out of it.`}
      because={`You get this because you used ${feature.name} in ${brand.name} for the first time.`}
    >
      <Title>Get more out of {feature.name}</Title>
      <Greeting name={firstName} />
      <Paragraph>
        You have used {feature.name} for the first time. The idea in one line: {feature.benefit}
      </Paragraph>
      <List intro="What helps from here:" items={tips} />
      <Button href={feature.url}>Open {feature.name}</Button>
    </Layout>
  );
}

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
