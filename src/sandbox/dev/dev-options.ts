export const DEV_DATA = "./.data/dev";

export const DEV_HELP = `npm run dev [-- options]

The app with a local PostHog, Segment and Novu; restarts when a file is saved. The settings of the sandbox
are in .env in the data folder, for npm run event and every command, such as npm run why.

  --fresh      start without the saved state of the sandbox
  --port N     the app's port, with the studio at /studio; without it PORT, of the environment or .env.
               Without both, the app, PostHog, Novu and Segment are at 4000 and 4002 to 4004 where these
               ports are free
  --data DIR   folder for the data of the app and the sandbox (${DEV_DATA})
  --help

From the environment or .env it also takes NOVU_PLAN, MARKETING_CAP, SEND_HOURS, DEFAULT_TIMEZONE,
INTERNAL_USERS and EMAIL_PROVIDERS.`;

export const DEV_OPTIONS = {
  fresh: { type: "boolean" },
  port: { type: "string" },
  data: { type: "string", default: DEV_DATA },
} as const;
