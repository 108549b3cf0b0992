import { type Config, readConfig } from "../config.ts";
import { defineCommand, type OptionValues, UsageError } from "../lib/command.ts";
import type { CommandIo, Paint } from "../lib/command-io.ts";
import { parseJson } from "../lib/json.ts";
import { printable } from "../lib/terminal.ts";
import { createNovuApi } from "../novu/api.ts";
import { erase, type Part } from "./person/erase.ts";
import { createPostHogApi } from "./posthog/api.ts";
import { type StoreOfTheApp, withStoreOfTheApp } from "./store-of-the-app.ts";

const HELP = `npm run person -- export ID
npm run person -- delete ID [--dry-run | --yes] [options]
npm run person -- split ID [--dry-run | --yes] [options]

export prints everything that is kept here on a person as JSON, by all their merged ids.

delete removes it, and the person at Novu and at PostHog: runs that wait are cancelled at Novu,
the person is deleted at PostHog with events and recordings, then the subscriber at Novu, and
what is kept here at last. It says what was removed where. It runs beside the app, with the same
environment (with SQLite the running app removes what is kept here), and can be run again at any time: after trouble it does what is left. What Segment has
is deleted and suppressed there, in Settings → End User Privacy: no key of this app reaches it.

split undoes each merge of this id with another one, here only: from then on the id is a person of
its own, for limits, exits and what they do not want as well. It is for ids that should never have
been merged. Another event that merges them, or the same merge at PostHog, makes them one person
again, so let your product stop that before.

  ID              the distinct id, as PostHog has it, or Segment's userId
  --dry-run       say what would be removed or undone, and change nothing
  --yes           do it without asking
  --keep-events   leave their events and recordings at PostHog
  --json          print one JSON object
  --help

Nothing may tell PostHog or Segment of them any more before, or they are there again: stop your
product from capturing by this id, and close the account. What is in progress at that very moment,
such as a trigger or a webhook that is sent again, may leave a record or a subscriber behind: run it
again after a minute, until nothing is there. A message that is due meanwhile finds no such person
at PostHog, and is not sent. PostHog takes some minutes for the person and up to a week for the
events; what your email provider keeps is not reached.

POSTHOG_PERSONAL_API_KEY needs the scope person:write.

Exit code: 0 done, or nothing is there to delete or to split; 1 trouble, or nothing is there to
export; 2 wrong usage, or not confirmed.

After a build: node dist/src/cli.js person`;

/** Source: https://www.twilio.com/docs/segment/privacy/user-deletion-and-suppression */
const AT_SEGMENT =
  "not reached from here: delete and suppress them there, in Settings → End User Privacy or by its Public API (POST /regulations)";

const ACTIONS = ["export", "delete", "split"] as const;

interface Order {
  action: (typeof ACTIONS)[number];
  id: string;
  dryRun: boolean;
  yes: boolean;
  keepEvents: boolean;
  json: boolean;
}

const STYLES = {
  done: "green",
  "nothing there": "dim",
  "to be done": "yellow",
  failed: "red",
  "not done": "red",
  "not configured": "dim",
  "by hand": "yellow",
} as const;

const OPTIONS = {
  "dry-run": { type: "boolean" },
  yes: { type: "boolean" },
  "keep-events": { type: "boolean" },
} as const;

export const person = defineCommand({
  name: "person",
  help: HELP,
  options: OPTIONS,
  takesPositionals: true,
  async run({ options, positionals, env, io }) {
    const order = orderOf(options, positionals);
    const config = readConfig(env);
    if (order.action === "export") return withStoreOfTheApp(config, (store) => exportPerson(store, order.id, io));
    if (!order.dryRun && !order.yes && !(await isConfirmed(order, io)))
      throw new UsageError(`nothing was ${order.action === "split" ? "split" : "deleted"}: --yes is missing`);
    return withStoreOfTheApp(config, (store) =>
      order.action === "split" ? splitPerson(store, order, io) : deletePerson(store, order, config, io),
    );
  },
});

function orderOf(options: OptionValues<typeof OPTIONS> & { json: boolean }, positionals: string[]): Order {
  const { "dry-run": dryRun, "keep-events": keepEvents, yes, json } = options;
  const [named, id = "", ...more] = positionals;
  const action = ACTIONS.find((one) => one === named);
  if (action === undefined) throw new UsageError('"export", "delete" or "split" is missing');
  if (id === "") throw new UsageError("the person's id is missing");
  if (more.length > 0) throw new UsageError("one person at a time");
  if (action === "export" && (dryRun || yes || keepEvents)) throw new UsageError("export takes no options but --json");
  if (action === "split" && keepEvents) throw new UsageError("--keep-events is for delete");
  if (dryRun && yes) throw new UsageError("--dry-run and --yes do not go together");
  return { action, id, dryRun, yes, keepEvents, json };
}

async function exportPerson(store: StoreOfTheApp, id: string, { print }: CommandIo): Promise<number> {
  const records = await store.people.listRecords(id);
  const kept = Object.entries(records).map(([kind, rows]) => [kind, rows.map(readably)]);
  print(JSON.stringify({ distinctId: id, records: Object.fromEntries(kept) }, null, 2));
  return Object.values(records).some((rows) => rows.length > 0) ? 0 : 1;
}

/** What is kept as JSON, as what it says. */
function readably(row: Record<string, unknown>): Record<string, unknown> {
  return typeof row.body === "string" ? { ...row, body: parseJson(row.body) ?? row.body } : row;
}

async function deletePerson(
  store: StoreOfTheApp,
  { id, dryRun, keepEvents, json }: Order,
  { novu, posthog, segment }: Config,
  io: CommandIo,
): Promise<number> {
  const parts: Part[] = [];
  const onPart = (part: Part) => {
    parts.push(part);
    if (!json) io.print(lineOf(part, io.paint));
  };
  await erase(id, {
    store,
    novu: createNovuApi(novu),
    posthog: posthog && createPostHogApi(posthog, io),
    keepEvents,
    dryRun,
    onPart,
  });
  if (segment !== null) onPart({ where: "Segment", outcome: "by hand", what: AT_SEGMENT });
  if (json) io.print(JSON.stringify({ distinctId: id, dryRun, parts }));
  const isTrouble = parts.some(({ outcome }) => outcome === "failed" || outcome === "not done");
  if (isTrouble && !json) io.printError("not all of it is done; once the cause is gone, run it again");
  return isTrouble ? 1 : 0;
}

async function splitPerson(
  store: StoreOfTheApp,
  { id, dryRun, json }: Order,
  { print, paint }: CommandIo,
): Promise<number> {
  const { aliases } = await store.people.listRecords(id);
  const merges = aliases.filter(({ former_id, kept_id }) => former_id === id || kept_id === id);
  const undone = dryRun ? 0 : await store.people.split(id);
  if (json) print(JSON.stringify({ distinctId: id, dryRun, merges, undone }));
  else if (merges.length + undone === 0) print("No other id is merged with it.");
  else {
    const outcome = dryRun ? "to be done" : "done";
    for (const { former_id, kept_id, occurred_at } of merges)
      print(
        lineOf(
          { where: "here", outcome, what: `${former_id} and ${kept_id} are two, merged at ${occurred_at}` },
          paint,
        ),
      );
  }
  return 0;
}

function lineOf({ where, outcome, what }: Part, paint: Paint): string {
  return `${where.padEnd(7)}  ${paint(STYLES[outcome], outcome.padEnd(14))}  ${printable(what)}`;
}

/** At a terminal by typing the id again; elsewhere nobody can be asked. */
async function isConfirmed({ action, id }: Order, { ask }: CommandIo): Promise<boolean> {
  return (await ask(`This cannot be undone. Type the id again to ${action} the person: `)) === id;
}
