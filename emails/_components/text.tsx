import { Button as EmailButton, Heading, Link, Text } from "@react-email/components";
import type { ReactNode } from "react";
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

/** The one thing to do next; 48 px high, so that a thumb finds it. */
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

/** A second way, quieter than the button and on a line of its own; 44 px high. */
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

/** A few short lines under the sentence that leads to them; nothing at all when there are none. */
export function List({ intro, items }: { intro: string; items: readonly string[] }) {
  if (items.length === 0) return null;
  return (
    <>
      <Text className="text" style={{ ...font.body, color: light.text, margin: "0 0 8px" }}>
        {intro}
      </Text>
      <ul className="text" style={{ ...font.body, color: light.text, margin: "0 0 16px", padding: "0 0 0 24px" }}>
        {items.map((item) => (
          <li key={item} style={{ margin: "0 0 4px" }}>
            {item}
          </li>
        ))}
      </ul>
    </>
  );
}

/** "Hi Ada," or, when nobody told us a name, "Hi,". */
export function Greeting({ name }: { name: string | undefined }) {
  return <Paragraph>{name === undefined ? "Hi," : `Hi ${name},`}</Paragraph>;
}
