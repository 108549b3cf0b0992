import { brand } from "./_components/brand.ts";
import { Layout } from "./_components/layout.tsx";
import { Button, Greeting, Paragraph, TextLink, Title } from "./_components/text.tsx";

export interface OnboardingHelpProps {
  firstName: string | undefined;
  /** The step that this person is stuck at, as a phrase: "connect your data". */
  stuckAt: string;
  helpUrl: string;
  setupUrl: string;
}

export default function OnboardingHelp({ firstName, stuckAt, helpUrl, setupUrl }: OnboardingHelpProps) {
  return (
    <Layout
      preheader={`Help with one step: ${stuckAt}.`}
      because={`You get this because you began to set up ${brand.name} and one step is still open.`}
    >
      <Title>Need a hand?</Title>
      <Greeting name={firstName} />
      <Paragraph>
        One step of your set-up is still open: {stuckAt}. If something is in the way, our help page goes through it with
        you. You can also write to {brand.helpEmail}; a person answers.
      </Paragraph>
      <Button href={helpUrl}>Get help with this step</Button>
      <TextLink href={setupUrl}>Back to set-up</TextLink>
    </Layout>
  );
}

OnboardingHelp.PreviewProps = {
  firstName: "Ada",
  stuckAt: "connect your data",
  helpUrl: `${brand.appUrl}/help/connect-data`,
  setupUrl: `${brand.appUrl}/setup/connect-data`,
} satisfies OnboardingHelpProps;
