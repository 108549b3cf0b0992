/** Where `npm run dev` listens, unless told otherwise for the app. */
export const SANDBOX_PORTS = { app: 4000, posthog: 4002, novu: 4003, segment: 4004 } as const;
