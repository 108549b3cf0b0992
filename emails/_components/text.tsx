import { Button as EmailButton, Heading, Link, Text } from "@react-email/components";
import type { ReactNode } from "react";
import { useReaderLocale, useTexts } from "./reader-locale.ts";
import { font, light } from "./tokens.ts";

/** The one heading of an email. */
export function Title({ children }: { children: ReactNode }) {
  return (
    <Heading as="h1" className="text" style={{ ...font.title, color: light.text, fontWeight: 700, margin: "0 0 16px" }}>
      {children}
    </Heading>
  );
}

export function Paragraph({ children }: { children: ReactNode }) {
  return (
    <Text className="text" style={{ ...font.body, color: light.text, margin: "0 0 16px" }}>
      {children}
    </Text>
  );
}

/** The main action of an email; 48 px high, easy to tap. */
export function Button({ href, children }: { href: string; children: ReactNode }) {
  return (
    <EmailButton
      className="button"
      href={href}
      style={{
        ...font.body,
        backgroundColor: light.accent,
        borderRadius: "8px",
        color: light.onAccent,
        fontWeight: 600,
        lineHeight: "24px",
        margin: "8px 0 24px",
        padding: "12px 24px",
      }}
    >
      {children}
    </EmailButton>
  );
}

/** A second action below the button, as a link; 44 px high. */
export function TextLink({ href, children }: { href: string; children: ReactNode }) {
  return (
    <Text style={{ ...font.body, margin: 0 }}>
      <Link
        className="link"
        href={href}
        style={{ color: light.accent, display: "inline-block", padding: "9px 0", textDecoration: "underline" }}
      >
        {children}
      </Link>
    </Text>
  );
}

/** An intro and a list of short lines; renders nothing without lines. */
export function List({ intro, items }: { intro: string; items: readonly string[] }) {
  const { dir } = useReaderLocale();
  if (items.length === 0) return null;
  return (
    <>
      <Text className="text" style={{ ...font.body, color: light.text, margin: "0 0 8px" }}>
        {intro}
      </Text>
      <ul className="text" style={{ ...font.body, color: light.text, margin: "0 0 16px", padding: indent[dir] }}>
        {items.map((item) => (
          <li key={item} style={{ margin: "0 0 4px" }}>
            {item}
          </li>
        ))}
      </ul>
    </>
  );
}

const indent = { ltr: "0 0 0 24px", rtl: "0 24px 0 0" };

/** "Hi Ada," or, without a name, "Hi,". */
export function Greeting({ name }: { name: string | undefined }) {
  const { hi } = useTexts(Greeting);
  return <Paragraph>{name === undefined ? `${hi},` : `${hi} ${name},`}</Paragraph>;
}

Greeting.texts = { en: { hi: "Hi" }, de: { hi: "Hallo" } };
