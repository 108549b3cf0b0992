import { parseArgs } from "node:util";
import { sampleTools } from "../app/tools.ts";
import { type Config, readConfig } from "../config.ts";
import { IDENTITY_EVENTS } from "../contracts/event.ts";
import { describeError } from "../lib/errors.ts";
import { createLog } from "../lib/log.ts";
import { paint, print } from "../lib/terminal.ts";
import { type Discovered, openBridge } from "../novu/bridge.ts";
import { createNotedDecisions } from "../novu/noted-decisions.ts";
import { workflows } from "../workflows/index.ts";
import { runCommand, UsageError } from "./command.ts";
import { appChecks } from "./doctor-app.ts";
import { type Finding, lookAll, ok, trouble } from "./doctor-check.ts";
import { novuChecks } from "./doctor-novu.ts";
import { postHogChecks } from "./doctor-posthog.ts";
import { storeCheck } from "./doctor-store.ts";

const HELP = `npm run doctor -- [options]

Looks at everything that has to be right for a message to go out, changes nothing, and says what to
do: the configuration, the store, PostHog with its destination, Novu with its integrations, the
running app from outside, clocks, and signatures from end to end. Run it where the app runs, with its
environment.

  --json     print one JSON object
  --help

Exit code: 0 nothing is wrong, though lines with ! may be worth a look; 1 something is; 2 wrong usage.

After a build: node dist/src/commands/doctor.js`;

const WITHIN_MS = 20_000;
const SIGNS = { ok: paint("green", "✓"), warning: paint("yellow", "!"), trouble: paint("red", "✗") };

await runCommand(HELP, main);

async function main(): Promise<number> {
  const { json = false, help } = readOptions();
  if (help === true) {
    print(HELP);
    return 0;
  }
  const { findings, secrets } = await examine();
  const lines = findings.map(({ what, is, says }) => ({ what, is, says: without(secrets, says) }));
  const isWell = lines.every(({ is }) => is !== "trouble");
  if (json) print(JSON.stringify({ ok: isWell, checks: lines }));
  else {
    for (const { what, is, says } of lines)
      print(`${SIGNS[is]} ${what.padEnd(20)} ${says.replaceAll("\n", `\n${" ".repeat(23)}`)}`);
    const count = lines.filter(({ is }) => is === "trouble").length;
    print(isWell ? "\nNothing is wrong." : `\n${count} of these ${count === 1 ? "has" : "have"} to be put right.`);
  }
  return isWell ? 0 : 1;
}

async function examine(): Promise<{ findings: Array<Finding & { what: string }>; secrets: string[] }> {
  const what = "configuration";
  let config: Config;
  try {
    config = readConfig(process.env);
  } catch (error) {
    return { findings: [{ what, ...trouble(describeError(error)) }], secrets: [] };
  }
  const events = [...new Set([...workflows.flatMap((workflow) => workflow.events), ...IDENTITY_EVENTS])];
  const asksAbsences = workflows.some(({ absences }) => absences.length > 0);
  let discovered: Promise<Discovered[]> | undefined;
  const discover = () => {
    discovered ??= discoverHere(config);
    return discovered;
  };
  const found = await lookAll(
    [
      storeCheck(config),
      ...postHogChecks(config, { events, asksAbsences }),
      ...novuChecks(config, discover),
      ...appChecks(
        config,
        workflows.map(({ id }) => id),
      ),
    ],
    WITHIN_MS,
  );
  return { findings: [{ what, ...ok("complete") }, ...found], secrets: secretsOf(config) };
}

/** The workflows as the bridge has them, without one. */
async function discoverHere(config: Config): Promise<Discovered[]> {
  const samples = () =>
    workflows.map((workflow) => workflow.build(sampleTools({ config, link: (url) => url, now: Date.now })));
  const bridge = await openBridge({
    ...config.novu,
    live: samples(),
    samples: samples(),
    decisions: createNotedDecisions(),
    record: async (decision) => decision,
    now: Date.now,
    log: createLog({ level: "silent" }),
  });
  return bridge.workflows;
}

/** What must be in no line, whoever's words it has. */
function secretsOf({
  novu,
  posthog,
  linkSigningKeys,
  studioSecret = "",
  databaseUrl,
  databaseDirectUrl,
}: Config): string[] {
  const passwords = [databaseUrl, databaseDirectUrl].flatMap((url) => {
    const { password } = new URL(url ?? "postgresql://none");
    return [password, decodeURIComponent(password)];
  });
  return [
    ...[novu.secretKey, posthog.personalApiKey, posthog.projectToken, studioSecret],
    ...[...posthog.webhookSecrets, ...(novu.webhookSecrets ?? []), ...linkSigningKeys, ...passwords],
  ].filter(Boolean);
}

function without(secrets: string[], text: string): string {
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, "…"), text);
}

function readOptions() {
  try {
    return parseArgs({ options: { json: { type: "boolean" }, help: { type: "boolean" } } }).values;
  } catch (error) {
    throw new UsageError(describeError(error));
  }
}
