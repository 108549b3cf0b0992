import { brand } from "./_components/brand.ts";
import { Layout } from "./_components/layout.tsx";
import { useTexts } from "./_components/reader-locale.ts";
import { Button, Greeting, Paragraph, TextLink, Title } from "./_components/text.tsx";

export interface OnboardingHelpProps {
  firstName: string | undefined;
  /** The step that this person is stuck at, as a phrase: "connect your data". */
  stuckAt: string;
  helpUrl: string;
  setupUrl: string;
}

export default function OnboardingHelp({ firstName, stuckAt, helpUrl, setupUrl }: OnboardingHelpProps) {
  const texts = useTexts(OnboardingHelp);
  return (
    <Layout preheader={texts.preheader(stuckAt)} because={texts.because}>
      <Title>{texts.title}</Title>
      <Greeting name={firstName} />
      <Paragraph>{texts.help(stuckAt)}</Paragraph>
      <Button href={helpUrl}>{texts.button}</Button>
      <TextLink href={setupUrl}>{texts.back}</TextLink>
    </Layout>
  );
}

OnboardingHelp.texts = {
  en: {
    preheader: (step: string) => `Help with one step: ${step}.`,
    because: `You get this because you began to set up ${brand.name} and one step is still open.`,
    title: "Need a hand?",
    help: (step: string) =>
      `One step of your set-up is still open: ${step}. If something is in the way, our help page goes through it with you. You can also write to ${brand.helpEmail}; a person answers.`,
    button: "Get help with this step",
    back: "Back to set-up",
  },
  de: {
    preheader: (step: string) => `Hilfe bei einem Schritt: ${step}.`,
    because: `Du bekommst diese E-Mail, weil du begonnen hast, ${brand.name} einzurichten, und ein Schritt noch offen ist.`,
    title: "Brauchst du Hilfe?",
    help: (step: string) =>
      `Ein Schritt beim Einrichten ist noch offen: ${step}. Wenn dir etwas im Weg steht, geht unsere Hilfeseite den Schritt mit dir durch. Du kannst auch an ${brand.helpEmail} schreiben; dort antwortet ein Mensch.`,
    button: "Hilfe zu diesem Schritt",
    back: "Zurück zum Einrichten",
  },
};

OnboardingHelp.PreviewProps = {
  firstName: "Ada",
  stuckAt: "connect your data",
  helpUrl: `${brand.appUrl}/help/connect-data`,
  setupUrl: `${brand.appUrl}/setup/connect-data`,
} satisfies OnboardingHelpProps;
