/** The ports of `npm run dev`; --port changes that of the app. */
export const SANDBOX_PORTS = { app: 4000, posthog: 4002, novu: 4003, segment: 4004 } as const;
