import { createContext } from "react";

/**
 * The unsubscribe link of an email; null for an email without an opt-out. The app sets this context around each email,
 * so templates need no prop for the link. Previews show the example.
 */
export const UnsubscribeUrl = createContext<string | null>("https://example.com/u/example");
