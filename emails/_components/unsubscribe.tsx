import { Link, Text } from "@react-email/components";
import { createContext, useContext } from "react";
import { brand } from "./brand.ts";
import { font, light } from "./tokens.ts";

/**
 * Where the reader turns this kind of email off; null for what nobody can turn off. It comes from
 * around the email, so that no template has to think of it; the preview shows an example.
 */
export const UnsubscribeUrl = createContext<string | null>(`${brand.appUrl}/u/example`);

/** The way out; 44 px high, so that a thumb finds it. Nothing where there is none. */
export function Unsubscribe() {
  const url = useContext(UnsubscribeUrl);
  if (url === null) return null;
  return (
    <Text style={{ ...font.small, margin: 0 }}>
      <Link
        className="muted"
        href={url}
        style={{ color: light.muted, display: "inline-block", padding: "11px 0", textDecoration: "underline" }}
      >
        Unsubscribe
      </Link>
    </Text>
  );
}
