import { brand } from "./_components/brand.ts";
import { Layout } from "./_components/layout.tsx";
import { useTexts } from "./_components/reader-locale.ts";
import { Button, Greeting, Paragraph, Title } from "./_components/text.tsx";

export interface CheckInProps {
  firstName: string | undefined;
  setupUrl: string;
}

export default function CheckIn({ firstName, setupUrl }: CheckInProps) {
  const texts = useTexts(CheckIn);
  return (
    <Layout preheader={texts.preheader} because={texts.because}>
      <Title>{texts.title}</Title>
      <Greeting name={firstName} />
      <Paragraph>{texts.question}</Paragraph>
      <Button href={setupUrl}>{texts.button}</Button>
    </Layout>
  );
}

CheckIn.texts = {
  en: {
    preheader: "What is in the way? One line is enough.",
    because: `You get this because your ${brand.name} workspace is not set up yet. It is the last reminder.`,
    title: "What is in the way?",
    question: `You signed up ten days ago and we have not seen a first report. If something does not work, or ${brand.name} is not what you were looking for, one line to ${brand.helpEmail} helps us a lot.`,
    button: "Give it another try",
  },
  de: {
    preheader: "Woran liegt es? Eine Zeile genügt.",
    because: `Du bekommst diese E-Mail, weil dein Arbeitsbereich bei ${brand.name} noch nicht eingerichtet ist. Es ist die letzte Erinnerung.`,
    title: "Woran liegt es?",
    question: `Du hast dich vor zehn Tagen registriert, und wir haben noch keinen ersten Bericht gesehen. Wenn etwas nicht funktioniert oder ${brand.name} nicht das ist, was du gesucht hast, hilft uns eine Zeile an ${brand.helpEmail} sehr.`,
    button: "Noch einmal versuchen",
  },
};

CheckIn.PreviewProps = { firstName: "Ada", setupUrl: `${brand.appUrl}/setup` } satisfies CheckInProps;
