import { createContext } from "react";

/**
 * The unsubscribe link of an email; null for an email without an opt-out. The app provides it around the email, so
 * templates need no prop for it; previews show an example.
 */
export const UnsubscribeUrl = createContext<string | null>("https://example.com/u/example");
