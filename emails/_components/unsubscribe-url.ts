import { createContext } from "react";

/**
 * Where the reader turns this kind of email off; null for what nobody can turn off. It comes from
 * around the email, so that no template has to think of it; the preview shows an example.
 */
export const UnsubscribeUrl = createContext<string | null>("https://example.com/u/example");
