import { brand } from "./_components/brand.ts";
import { Layout } from "./_components/layout.tsx";
import { useTexts } from "./_components/reader-locale.ts";
import { Button, Greeting, Paragraph, Title } from "./_components/text.tsx";

export interface SessionRecoveryProps {
  firstName: string | undefined;
  /** The unfinished action, as a phrase: "build a report". */
  unfinished: string;
  url: string;
}

export default function SessionRecovery({ firstName, unfinished, url }: SessionRecoveryProps) {
  const texts = useTexts(SessionRecovery);
  return (
    <Layout preheader={texts.preheader} because={texts.because}>
      <Title>{texts.title}</Title>
      <Greeting name={firstName} />
      <Paragraph>{texts.kept(unfinished)}</Paragraph>
      <Button href={url}>{texts.button}</Button>
      <Paragraph>{texts.help}</Paragraph>
    </Layout>
  );
}

SessionRecovery.texts = {
  en: {
    preheader: "What you did so far is kept.",
    because: `You get this because you left ${brand.name} before you finished what you had started.`,
    title: "Your work is still here",
    kept: (unfinished: string) =>
      `You were about to ${unfinished} and left before the end. What you did so far is kept, so you do not have to start again.`,
    button: "Carry on where you stopped",
    help: `Did something not work? Write to ${brand.helpEmail} and we will sort it out.`,
  },
  de: {
    preheader: "Alles bis hierher ist gespeichert.",
    because: `Du bekommst diese E-Mail, weil du ${brand.name} verlassen hast, bevor du fertig warst.`,
    title: "Deine Arbeit ist noch da",
    kept: (unfinished: string) =>
      `Du wolltest ${unfinished} und bist vor dem Ende gegangen. Alles bis hierher ist gespeichert, du musst also nicht von vorn anfangen.`,
    button: "Hier weitermachen",
    help: `Hat etwas nicht funktioniert? Schreib an ${brand.helpEmail}, und wir bringen es in Ordnung.`,
  },
};

SessionRecovery.PreviewProps = {
  firstName: "Ada",
  unfinished: "build a report",
  url: `${brand.appUrl}/reports/draft?from=email`,
} satisfies SessionRecoveryProps;
