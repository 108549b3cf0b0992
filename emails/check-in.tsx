import { brand } from "./_components/brand.ts";
import { Layout } from "./_components/layout.tsx";
import { Button, Greeting, Paragraph, Title } from "./_components/text.tsx";

export interface CheckInProps {
  firstName: string | undefined;
  setupUrl: string;
}

export default function CheckIn({ firstName, setupUrl }: CheckInProps) {
  return (
    <Layout
      preheader="What is in the way? One line is enough."
      because={`You get this because your ${brand.name} workspace is not set up yet. It is the last reminder.`}
    >
      <Title>What is in the way?</Title>
      <Greeting name={firstName} />
      <Paragraph>
        You signed up ten days ago and we have not seen a first report. If something does not work, or {brand.name} is
        not what you were looking for, one line to {brand.helpEmail} helps us a lot.
      </Paragraph>
      <Button href={setupUrl}>Give it another try</Button>
    </Layout>
  );
}

CheckIn.PreviewProps = { firstName: "Ada", setupUrl: `${brand.appUrl}/setup` } satisfies CheckInProps;
