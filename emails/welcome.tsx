import { brand } from "./_components/brand.ts";
import { Layout } from "./_components/layout.tsx";
import { Button, Greeting, Paragraph, Title } from "./_components/text.tsx";

export interface WelcomeProps {
  firstName: string | undefined;
  /** The name of the person who sent an invitation; undefined without an invitation. */
  invitedBy: string | undefined;
  setupUrl: string;
}

export default function Welcome({ firstName, invitedBy, setupUrl }: WelcomeProps) {
  return (
    <Layout
      preheader="Three short steps and your first report is there."
      because={`You get this because you signed up for ${brand.name}.`}
    >
      <Title>Welcome to {brand.name}</Title>
      <Greeting name={firstName} />
      <Paragraph>
        {invitedBy === undefined ? "Good to have you here." : `${invitedBy} has invited you: good to have you here.`}{" "}
        Most people see their first report within ten minutes: connect your data, invite a colleague, look at the
        result.
      </Paragraph>
      <Button href={setupUrl}>Set up your workspace</Button>
      <Paragraph>Stuck? Write to {brand.helpEmail}; a person answers.</Paragraph>
    </Layout>
  );
}

Welcome.PreviewProps = {
  firstName: "Ada",
  invitedBy: "Grace",
  setupUrl: `${brand.appUrl}/setup`,
} satisfies WelcomeProps;
