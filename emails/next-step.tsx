import { brand } from "./_components/brand.ts";
import { Layout } from "./_components/layout.tsx";
import { Button, Greeting, List, Paragraph, Title } from "./_components/text.tsx";

export interface NextStepProps {
  firstName: string | undefined;
  /** The steps that this person has just finished, as phrases: "connect your data". */
  completed: string[];
  /** The next step, as a phrase: "invite your team". */
  nextStep: string;
  why: string;
  setupUrl: string;
}

export default function NextStep({ firstName, completed, nextStep, why, setupUrl }: NextStepProps) {
  return (
    <Layout
      preheader={`Next: ${nextStep}.`}
      because={`You get this because you have just finished a step of setting up ${brand.name}.`}
    >
      <Title>Well done. Next: {nextStep}</Title>
      <Greeting name={firstName} />
      <List intro="This is done:" items={completed} />
      <Paragraph>
        Now {nextStep}. {why}
      </Paragraph>
      <Button href={setupUrl}>Go to the next step</Button>
    </Layout>
  );
}

NextStep.PreviewProps = {
  firstName: "Ada",
  completed: ["connect your data", "invite your team"],
  nextStep: "build your first report",
  why: "Your data is in. One report, and you see what it was for.",
  setupUrl: `${brand.appUrl}/setup/first-report`,
} satisfies NextStepProps;
