import { brand } from "./_components/brand.ts";
import { Layout } from "./_components/layout.tsx";
import { Button, Greeting, Paragraph, Title } from "./_components/text.tsx";

export interface ComeBackProps {
  firstName: string | undefined;
  /** Days since the last visit, when known. */
  daysAway: number | undefined;
  feature: { name: string; benefit: string; url: string };
}

export default function ComeBack({ firstName, daysAway, feature }: ComeBackProps) {
  return (
    <Layout
      preheader={feature.benefit}
      because={`You get this because you have a ${brand.name} account that you have not used for a while.`}
    >
      <Title>One thing you have not tried: {feature.name}</Title>
      <Greeting name={firstName} />
      <Paragraph>
        {daysAway === undefined ? "It has been a while." : `It has been ${daysAway} days.`} Here is something that may
        be worth a look: {feature.benefit}
      </Paragraph>
      <Button href={feature.url}>See {feature.name}</Button>
    </Layout>
  );
}

ComeBack.PreviewProps = {
  firstName: "Ada",
  daysAway: 30,
  feature: {
    name: "scheduled reports",
    benefit: "Your Monday numbers in your inbox, without anybody opening a dashboard.",
    url: `${brand.appUrl}/reports/schedule`,
  },
} satisfies ComeBackProps;
