import { Body, Container, Head, Hr, Html, Preview, Section, Text } from "@react-email/components";
import type { ReactNode } from "react";
import { brand } from "./brand.ts";
import { useReaderLocale } from "./reader-locale.ts";
import { dark, font, light } from "./tokens.ts";
import { Unsubscribe } from "./unsubscribe.tsx";

interface LayoutProps {
  /** The preview text that inboxes show beside the subject. */
  preheader: string;
  /** The reason why the reader gets the email, in one sentence. */
  because: string;
  children: ReactNode;
}

/** The frame of every email: card, footer with the unsubscribe link, light and dark colours. */
export function Layout({ preheader, because, children }: LayoutProps) {
  const { locale, dir } = useReaderLocale();
  // Mail programs drop <html> and <body>, so the frame has the language and the direction too.
  return (
    <Html lang={locale} dir={dir}>
      <Head>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="supported-color-schemes" content="light dark" />
        <style>{schemes}</style>
      </Head>
      <Body className="page" style={page}>
        <Preview>{preheader}</Preview>
        <Container lang={locale} dir={dir} style={{ ...frame, textAlign: dir === "rtl" ? "right" : "left" }}>
          <Text className="muted" style={masthead}>
            {brand.name}
          </Text>
          <Section className="card" style={card}>
            {children}
          </Section>
          <Hr className="rule" style={rule} />
          <Text className="muted" style={footer}>
            {because}
          </Text>
          <Text className="muted" style={footer}>
            {brand.postalAddress}
          </Text>
          <Unsubscribe />
        </Container>
      </Body>
    </Html>
  );
}

// `Body` also colours an inner cell, so the page colour needs both selectors.
const schemes = `
:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media (prefers-color-scheme: dark) {
  .page, .page > table > tbody > tr > td { background-color: ${dark.page} !important; }
  .card { background-color: ${dark.card} !important; border-color: ${dark.border} !important; }
  .text { color: ${dark.text} !important; }
  .link { color: ${dark.accent} !important; }
  .muted { color: ${dark.muted} !important; }
  .rule { border-color: ${dark.border} !important; }
  .button { background-color: ${dark.accent} !important; color: ${dark.onAccent} !important; }
}
@media (max-width: 480px) {
  .card { padding: 24px 20px !important; }
}`;

const page = { backgroundColor: light.page, fontFamily: font.family, margin: 0, padding: "24px 12px" };
const frame = { maxWidth: "560px" };
const masthead = { ...font.small, color: light.muted, fontWeight: 600, margin: "0 0 12px" };
const card = {
  backgroundColor: light.card,
  border: `1px solid ${light.border}`,
  borderRadius: "12px",
  padding: "36px",
};
const rule = { borderColor: light.border, margin: "24px 0 16px" };
const footer = { ...font.small, color: light.muted, margin: "0 0 8px" };
