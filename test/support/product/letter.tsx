import { Body, Head, Html, Link, Preview, Text } from "@react-email/components";
import { useContext } from "react";
import { useReaderLocale } from "../../../emails/_components/reader-locale.ts";
import { UnsubscribeUrl } from "../../../emails/_components/unsubscribe-url.ts";

export interface LetterProps {
  title: string;
  /** The line that inboxes show beside the subject. */
  preheader?: string;
  firstName: string | undefined;
  says: string;
  button: string;
  url: string;
}

/** The one email of the tests' product. */
export function Letter({ title, preheader = title, firstName, says, button, url }: LetterProps) {
  const unsubscribeUrl = useContext(UnsubscribeUrl);
  const { locale, dir } = useReaderLocale();
  return (
    <Html lang={locale} dir={dir}>
      <Head>
        <meta name="color-scheme" content="light dark" />
        <style>{SCHEMES}</style>
      </Head>
      <Body>
        <Preview>{preheader}</Preview>
        <h1>{title}</h1>
        <Text className="text">{firstName === undefined ? "Hi," : `Hi ${firstName},`}</Text>
        <Text className="text">{says}</Text>
        <Link href={url}>{button}</Link>
        {unsubscribeUrl === null ? null : <Link href={unsubscribeUrl}>Unsubscribe</Link>}
      </Body>
    </Html>
  );
}

const SCHEMES = "@media (prefers-color-scheme: dark) { body { background: #101010; } .text { color: #ededed; } }";
