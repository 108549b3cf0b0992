import { brand } from "./_components/brand.ts";
import { Layout } from "./_components/layout.tsx";
import { useTexts } from "./_components/reader-locale.ts";
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
  const texts = useTexts(NextStep);
  return (
    <Layout preheader={texts.preheader(nextStep)} because={texts.because}>
      <Title>{texts.title(nextStep)}</Title>
      <Greeting name={firstName} />
      <List intro={texts.done} items={completed} />
      <Paragraph>
        {texts.now(nextStep)} {why}
      </Paragraph>
      <Button href={setupUrl}>{texts.button}</Button>
    </Layout>
  );
}

NextStep.texts = {
  en: {
    preheader: (step: string) => `Next: ${step}.`,
    because: `You get this because you have just finished a step of setting up ${brand.name}.`,
    title: (step: string) => `Well done. Next: ${step}`,
    done: "This is done:",
    now: (step: string) => `Now ${step}.`,
    button: "Go to the next step",
  },
  de: {
    preheader: (step: string) => `Als Nächstes: ${step}.`,
    because: `Du bekommst diese E-Mail, weil du gerade einen Schritt beim Einrichten von ${brand.name} geschafft hast.`,
    title: (step: string) => `Gut gemacht. Als Nächstes: ${step}`,
    done: "Das ist erledigt:",
    now: (step: string) => `Jetzt ist dran: ${step}.`,
    button: "Zum nächsten Schritt",
  },
};

NextStep.PreviewProps = {
  firstName: "Ada",
  completed: ["connect your data", "invite your team"],
  nextStep: "build your first report",
  why: "Your data is in. One report, and you see what it was for.",
  setupUrl: `${brand.appUrl}/setup/first-report`,
} satisfies NextStepProps;
