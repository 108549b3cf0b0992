import { Link, Text } from "@react-email/components";
import { useContext } from "react";
import { useTexts } from "./reader-locale.ts";
import { font, light } from "./tokens.ts";
import { UnsubscribeUrl } from "./unsubscribe-url.ts";

/** The unsubscribe link; 44 px high, easy to tap. Renders nothing in an email without an opt-out. */
export function Unsubscribe() {
  const { unsubscribe } = useTexts(Unsubscribe);
  const url = useContext(UnsubscribeUrl);
  if (url === null) return null;
  return (
    <Text style={{ ...font.small, margin: 0 }}>
      <Link
        className="muted"
        href={url}
        style={{ color: light.muted, display: "inline-block", padding: "11px 0", textDecoration: "underline" }}
      >
        {unsubscribe}
      </Link>
    </Text>
  );
}

Unsubscribe.texts = { en: { unsubscribe: "Unsubscribe" }, de: { unsubscribe: "Abmelden" } };
