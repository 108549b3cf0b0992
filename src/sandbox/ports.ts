/** Where `npm run dev` listens; the app's is PORT. */
export const SANDBOX_PORTS = { page: 4001, posthog: 4002, novu: 4003 } as const;
