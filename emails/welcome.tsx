import { brand } from "./_components/brand.ts";
import { Layout } from "./_components/layout.tsx";
import { useTexts } from "./_components/reader-locale.ts";
import { Button, Greeting, Paragraph, Title } from "./_components/text.tsx";

export interface WelcomeProps {
  firstName: string | undefined;
  /** The name of the person who sent an invitation; undefined without an invitation. */
  invitedBy: string | undefined;
  setupUrl: string;
}

export default function Welcome({ firstName, invitedBy, setupUrl }: WelcomeProps) {
  const texts = useTexts(Welcome);
  return (
    <Layout preheader={texts.preheader} because={texts.because}>
      <Title>{texts.title}</Title>
      <Greeting name={firstName} />
      <Paragraph>
        {invitedBy === undefined ? texts.hello : texts.invited(invitedBy)} {texts.steps}
      </Paragraph>
      <Button href={setupUrl}>{texts.button}</Button>
      <Paragraph>{texts.help}</Paragraph>
    </Layout>
  );
}

Welcome.texts = {
  en: {
    preheader: "Three short steps and your first report is there.",
    because: `You get this because you signed up for ${brand.name}.`,
    title: `Welcome to ${brand.name}`,
    hello: "Good to have you here.",
    invited: (name: string) => `${name} has invited you: good to have you here.`,
    steps:
      "Most people see their first report within ten minutes: connect your data, invite a colleague, look at the result.",
    button: "Set up your workspace",
    help: `Stuck? Write to ${brand.helpEmail}; a person answers.`,
  },
  de: {
    preheader: "Drei kurze Schritte, und dein erster Bericht ist da.",
    because: `Du bekommst diese E-Mail, weil du dich bei ${brand.name} registriert hast.`,
    title: `Willkommen bei ${brand.name}`,
    hello: "Schön, dass du da bist.",
    invited: (name: string) => `${name} hat dich eingeladen: schön, dass du da bist.`,
    steps:
      "Die meisten sehen ihren ersten Bericht innerhalb von zehn Minuten: Daten verbinden, jemanden aus dem Team einladen, Ergebnis ansehen.",
    button: "Arbeitsbereich einrichten",
    help: `Kommst du nicht weiter? Schreib an ${brand.helpEmail}; dort antwortet ein Mensch.`,
  },
};

Welcome.PreviewProps = {
  firstName: "Ada",
  invitedBy: "Grace",
  setupUrl: `${brand.appUrl}/setup`,
} satisfies WelcomeProps;
