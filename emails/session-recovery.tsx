import { brand } from "./_components/brand.ts";
import { Layout } from "./_components/layout.tsx";
import { Button, Greeting, Paragraph, Title } from "./_components/text.tsx";

export interface SessionRecoveryProps {
  firstName: string | undefined;
  /** The unfinished action, as a phrase: "build a report". */
  unfinished: string;
  url: string;
}

export default function SessionRecovery({ firstName, unfinished, url }: SessionRecoveryProps) {
  return (
    <Layout
      preheader="What you did so far is kept."
      because={`You get this because you left ${brand.name} before you finished what you had started.`}
    >
      <Title>Your work is still here</Title>
      <Greeting name={firstName} />
      <Paragraph>
        You were about to {unfinished} and left before the end. What you did so far is kept, so you do not have to start
        again.
      </Paragraph>
      <Button href={url}>Carry on where you stopped</Button>
      <Paragraph>Did something not work? Write to {brand.helpEmail} and we will sort it out.</Paragraph>
    </Layout>
  );
}

SessionRecovery.PreviewProps = {
  firstName: "Ada",
  unfinished: "build a report",
  url: `${brand.appUrl}/reports/draft?from=email`,
} satisfies SessionRecoveryProps;
