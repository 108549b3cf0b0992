import { brand } from "./_components/brand.ts";
import { Layout } from "./_components/layout.tsx";
import { useTexts } from "./_components/reader-locale.ts";
import { Button, Greeting, Paragraph, Title } from "./_components/text.tsx";

export interface SetupNudgeProps {
  firstName: string | undefined;
  /** The step this person is at, as a phrase: "connect your data". */
  nextStep: string;
  why: string;
  setupUrl: string;
}

export default function SetupNudge({ firstName, nextStep, why, setupUrl }: SetupNudgeProps) {
  const texts = useTexts(SetupNudge);
  return (
    <Layout preheader={texts.preheader(nextStep)} because={texts.because}>
      <Title>{texts.title(nextStep)}</Title>
      <Greeting name={firstName} />
      <Paragraph>{why}</Paragraph>
      <Button href={setupUrl}>{texts.button}</Button>
    </Layout>
  );
}

SetupNudge.texts = {
  en: {
    preheader: (step: string) => `Next: ${step}.`,
    because: `You get this because your ${brand.name} workspace is not set up yet.`,
    title: (step: string) => `Next: ${step}`,
    button: "Carry on where you stopped",
  },
  de: {
    preheader: (step: string) => `Als Nächstes: ${step}.`,
    because: `Du bekommst diese E-Mail, weil dein Arbeitsbereich bei ${brand.name} noch nicht eingerichtet ist.`,
    title: (step: string) => `Als Nächstes: ${step}`,
    button: "Hier weitermachen",
  },
};

SetupNudge.PreviewProps = {
  firstName: "Ada",
  nextStep: "connect your data",
  why: "Everything else builds on it, and it takes about three minutes.",
  setupUrl: `${brand.appUrl}/setup/connect_data`,
} satisfies SetupNudgeProps;
