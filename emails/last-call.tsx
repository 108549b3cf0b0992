import { brand } from "./_components/brand.ts";
import { Layout } from "./_components/layout.tsx";
import { Button, Greeting, Paragraph, Title } from "./_components/text.tsx";

export interface LastCallProps {
  firstName: string | undefined;
  feature: { name: string; benefit: string; url: string };
  /** Days since the last visit, when known. */
  daysAway: number | undefined;
}

export default function LastCall({ firstName, feature, daysAway }: LastCallProps) {
  return (
    <Layout
      preheader={`The last reminder, and one thing worth a look: ${feature.name}.`}
      because={`You get this because you have not used your ${brand.name} account for a while. It is the last reminder.`}
    >
      <Title>Our last reminder</Title>
      <Greeting name={firstName} />
      <Paragraph>
        {daysAway === undefined
          ? "You have not been here for a while."
          : `You have not been here for ${daysAway} days.`}{" "}
        That is fine, and we will not send another reminder after this one.
      </Paragraph>
      <Paragraph>
        If you look at one thing before you go, let it be {feature.name}: {feature.benefit}
      </Paragraph>
      <Button href={feature.url}>See {feature.name}</Button>
    </Layout>
  );
}

LastCall.PreviewProps = {
  firstName: "Ada",
  feature: {
    name: "segments",
    benefit: "Compare two groups of customers side by side, in two clicks.",
    url: `${brand.appUrl}/segments`,
  },
  daysAway: 60,
} satisfies LastCallProps;
