import { brand } from "./_components/brand.ts";
import { Layout } from "./_components/layout.tsx";
import { Button, Greeting, Paragraph, Title } from "./_components/text.tsx";

export interface SetupNudgeProps {
  firstName: string | undefined;
  /** The step this person is at, as a phrase: "connect your data". */
  nextStep: string;
  why: string;
  setupUrl: string;
}

export default function SetupNudge({ firstName, nextStep, why, setupUrl }: SetupNudgeProps) {
  return (
    <Layout
      preheader={`Next: ${nextStep}.`}
      because={`You get this because your ${brand.name} workspace is not set up yet.`}
    >
      <Title>Next: {nextStep}</Title>
      <Greeting name={firstName} />
      <Paragraph>{why}</Paragraph>
      <Button href={setupUrl}>Carry on where you stopped</Button>
    </Layout>
  );
}

SetupNudge.PreviewProps = {
  firstName: "Ada",
  nextStep: "connect your data",
  why: "Everything else builds on it, and it takes about three minutes.",
  setupUrl: `${brand.appUrl}/setup/connect_data`,
} satisfies SetupNudgeProps;
