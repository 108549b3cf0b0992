import { z } from "zod";
import { POSTHOG_REQUIRED, SETTING_GROUPS } from "../../src/settings.ts";

interface Setting {
  name: string;
  required: "yes" | "with PostHog" | "no";
  /** Null without one. */
  defaultText: string | null;
  description: string;
  details: string;
  /** The effect of an unset setting that has no default, as Markdown. */
  whenUnset: string;
}

const groups = Object.entries(SETTING_GROUPS).map(([title, group]) => ({ title, settings: settingsOf(group) }));

/** The text of .env.example. */
export function envExample(): string {
  const all = groups.flatMap(({ settings }) => settings);
  const optional = groups.map(({ title, settings }) => ({
    title,
    settings: settings.filter(({ required }) => required === "no"),
  }));
  return `# The settings of the app. Copy this file to .env, and fill in the first two parts. The other settings are optional.
# .github/guides/configuration.md explains them all. A value with a # in it needs quotes.

${[
  { title: "Required", settings: all.filter(({ required }) => required === "yes") },
  { title: "Required, unless all events come from Segment", settings: all.filter(isForPostHog) },
  ...optional,
]
  .map(examplePart)
  .join("\n")}`;
}

/** The text of .github/guides/configuration.md. */
export function configurationGuide(): string {
  return `${INTRODUCTION}
${groups.map(guidePart).join("\n")}`;
}

const INTRODUCTION = `# Configuration

The settings are environment variables. Three are always required: \`PUBLIC_URL\`, \`LINK_SIGNING_KEYS\` and \`NOVU_SECRET_KEY\`. With PostHog four more are required, and without PostHog \`SEGMENT_SECRETS\` is. An empty value counts as not set. \`npm run doctor\` checks them all.

\`\`\`sh
cp .env.example .env && chmod 600 .env     # then fill in the required ones
\`\`\`

## Where the settings are read from

1. The environment of the process. A variable that is set there wins, also with an empty value.
2. The file \`.env\` in the current folder. \`npm start\`, \`npm run dev\`, \`npm run demo\` and every command read it. \`ENV_FILE\` names another file, which then has to exist; \`ENV_FILE=\` names none.
3. A command that finds no setting in either place uses those of the sandbox, which \`npm run dev\` writes to \`.data/dev/.env\`. It prints \`settings: .data/dev/.env, of npm run dev\`. \`npm start\` never does that.

To use a command on the sandbox although \`.env\` has the settings of your app: \`ENV_FILE=.data/dev/.env npm run why -- --person ada\`.

\`npm run dev\` takes only some of your settings: \`PORT\`, \`NOVU_PLAN\`, \`MARKETING_CAP\`, \`SEND_HOURS\`, \`DEFAULT_TIMEZONE\`, \`INTERNAL_USERS\` and \`EMAIL_PROVIDERS\`. \`npm run demo\` takes \`NOVU_PLAN\`. Keys and addresses of real services have no effect there.

Variables of Node itself, such as \`NODE_EXTRA_CA_CERTS\`, have no effect in \`.env\`: Node reads them before the app starts.

A name that looks like a setting and is none, such as \`INTERNAL_USER\`, causes a warning: in the log at the start, in \`npm run doctor\`, and on stderr of the other commands.

## The form of an env file

- One \`NAME=value\` in a line. A line that starts with \`#\` is a comment.
- In \`.env\`, a \`#\` ends the value: put a value with a \`#\` between quotes.
- Quotes around a value are not part of the value. \`docker run --env-file\` passes them on, and the app removes them.
- A list is separated by commas. In lists of secrets the newest is first: the app signs with it, and accepts all.
- \`~\` is not expanded: write the full path.
- In \`DATABASE_URL\`, write the characters \`#\`, \`/\`, \`?\` and \`%\` of a password as \`%23\`, \`%2F\`, \`%3F\` and \`%25\`. Cloud SQL's form \`postgresql://user:password@/database?host=/cloudsql/…\` works.
`;

function examplePart({ title, settings }: { title: string; settings: Setting[] }): string {
  const lines = settings.map(({ name, required, defaultText, description }) => {
    const line = `${name}=${defaultText ?? ""}`;
    return `# ${description}\n${required === "no" ? `#${line}` : line}\n`;
  });
  return `# ---- ${title} ----\n\n${lines.join("\n")}`;
}

function guidePart({ title, settings }: { title: string; settings: Setting[] }): string {
  const rows = settings.map(({ name, required, defaultText, whenUnset, description, details }) => {
    const shownDefault = defaultText === null || defaultText === "" ? whenUnset : `\`${defaultText}\``;
    return `| \`${name}\` | ${required} | ${shownDefault} | ${marked(description)}${details && ` ${details}`} |`;
  });
  return `## ${title}\n\n| setting | required | default | |\n|---|---|---|---|\n${rows.join("\n")}\n`;
}

/** Names of settings, commands and paths as code. */
function marked(description: string): string {
  return description.replace(
    /\b[A-Z]+(?:_[A-Z]+)+(?:\/[a-z/]+)?\b|npm run \w+|(?<= )\/[a-z][a-z/]*|\w+_…|\w+:read|x-webhook-secret|@domain/g,
    "`$&`",
  );
}

function settingsOf(group: Record<string, z.ZodType>): Setting[] {
  const settings = Object.entries(group).map(([name, schema]): Setting => {
    const { description = "", details = "", whenUnset = "none" } = schema.meta() as Partial<Record<string, string>>;
    const isRequired = !schema.safeParse(undefined).success;
    const required = isRequired ? "yes" : name in POSTHOG_REQUIRED ? "with PostHog" : "no";
    const defaultText = schema instanceof z.ZodPrefault ? String(schema.def.defaultValue) : null;
    return { name, required, defaultText, description, details, whenUnset: required === "no" ? whenUnset : "" };
  });
  const rank = ({ required }: Setting) => (required === "no" ? 1 : 0);
  return settings.sort((one, other) => rank(one) - rank(other));
}

function isForPostHog({ required }: Setting): boolean {
  return required === "with PostHog";
}
