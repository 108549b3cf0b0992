import { type Config, readConfig } from "../config.ts";
import { defineCommand, type OptionValues, UsageError } from "../lib/command.ts";
import { type CommandIo, type Paint, printable } from "../lib/command-io.ts";
import { parseJson } from "../lib/json.ts";
import { createNovuApi } from "../novu/api.ts";
import type { ReadStore } from "../store/store.ts";
import { type CommandStore, storeIn, withStoreToChange, withStoreToRead } from "./command-store.ts";
import { erase, type Part } from "./person/erase.ts";
import { deleteFromRehearsals } from "./person/rehearsals.ts";
import { createPostHogApi } from "./posthog-api.ts";

const HELP = `npm run person -- export ID
npm run person -- delete ID [--dry-run | --yes] [options]
npm run person -- split ID [--dry-run | --yes] [options]

export prints everything that the store has about a person as JSON, for all merged ids.

delete removes the person here, at Novu and at PostHog, in this order: it cancels the waiting runs at Novu,
deletes the person at PostHog with events and recordings, deletes the subscriber at Novu, and then the
records here and the person's lines in the files of rehearsals. It prints each result. Run it beside the app, with the same environment; with SQLite the
running app deletes the records. After an error run the command again; it does what is left. No key of this
app reaches Segment: delete and suppress the person there, in Settings → End User Privacy.

split undoes each merge of this id with another id, in this app only. From then on the id is a separate
person, also for limits, exits and opt-outs. Use it for ids that should never have been merged. Another
event that merges them, or the same merge at PostHog, makes them one person again, so correct your product
first.

  ID              the distinct id at PostHog, or Segment's userId
  --dry-run       print what would be deleted or undone, and change nothing
  --yes           do not ask for confirmation
  --keep-events   keep the person's events and recordings at PostHog
  --json          print one JSON object
  --help

Before a deletion, stop your product from sending events with this id, and close the account: a new event
at PostHog or Segment creates the person again. A call that is in progress, such as a trigger or a repeated
webhook, may leave a record or a subscriber behind: run the command again after a minute, until there is
nothing left. A message that is due meanwhile is not sent, because PostHog no longer has the person.
PostHog takes some minutes to delete the person, and up to a week for the events. Your email provider keeps
its own records.

POSTHOG_PERSONAL_API_KEY needs the scope person:write.

Exit code: 0 done, or there was nothing to delete or split; 1 error, or there was nothing to export;
2 wrong usage, or not confirmed.

After a build: node dist/src/cli.js person`;

/** Source: https://www.twilio.com/docs/segment/privacy/user-deletion-and-suppression */
const AT_SEGMENT =
  "delete and suppress the person there, in Settings → End User Privacy or by its Public API (POST /regulations)";

const ACTIONS = ["export", "delete", "split"] as const;

type Order = ReturnType<typeof orderOf>;

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
  async run({ options, positionals, env, now, io }) {
    const order = orderOf(options, positionals);
    if (order.action === "export")
      return withStoreToRead({ ...storeIn(env), now }, (store) => exportPerson(store, order.id, io));
    const config = order.action === "delete" ? readConfig(env) : null;
    if (!order.dryRun && !order.yes && !(await isConfirmed(order, io)))
      throw new UsageError(`nothing was ${order.action === "split" ? "split" : "deleted"}: --yes is missing`);
    return withStoreToChange({ env, now }, (store) =>
      config === null ? splitPerson(store, order, io) : deletePerson(store, order, config, io),
    );
  },
});

function orderOf(options: OptionValues<typeof OPTIONS> & { json: boolean }, positionals: string[]) {
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

async function exportPerson(store: ReadStore, id: string, { print }: CommandIo): Promise<number> {
  const records = await store.people.listRecords(id);
  const shown = Object.entries(records).map(([kind, rows]) => [kind, rows.map(withParsedBody)]);
  print(JSON.stringify({ distinctId: id, records: Object.fromEntries(shown) }, null, 2));
  return Object.values(records).some((rows) => rows.length > 0) ? 0 : 1;
}

/** The row with its body as an object instead of JSON text. */
function withParsedBody(row: Record<string, unknown>): Record<string, unknown> {
  return typeof row.body === "string" ? { ...row, body: parseJson(row.body) ?? row.body } : row;
}

async function deletePerson(
  store: CommandStore,
  { id, dryRun, keepEvents, json }: Order,
  { novu, posthog, segment, dataDir }: Config,
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
    deleteFromRehearsals: (ids, options) => deleteFromRehearsals(dataDir, ids, options),
    onPart,
  });
  if (segment !== null) onPart({ where: "Segment", outcome: "by hand", what: AT_SEGMENT });
  if (json) io.print(JSON.stringify({ distinctId: id, dryRun, parts }));
  const isTrouble = parts.some(({ outcome }) => outcome === "failed" || outcome === "not done");
  if (isTrouble && !json) io.printError("not everything was deleted; fix the cause, and run the command again");
  return isTrouble ? 1 : 0;
}

async function splitPerson(
  store: CommandStore,
  { id, dryRun, json }: Order,
  { print, paint }: CommandIo,
): Promise<number> {
  const { aliases } = await store.people.listRecords(id);
  const merges = aliases.filter(({ previous_id, current_id }) => previous_id === id || current_id === id);
  const undone = dryRun ? 0 : await store.people.split(id);
  if (json) print(JSON.stringify({ distinctId: id, dryRun, merges, undone }));
  else if (merges.length + undone === 0) print("No other id is merged with this one.");
  else {
    const outcome = dryRun ? "to be done" : "done";
    for (const { previous_id, current_id, occurred_at } of merges) {
      const what = `${previous_id} and ${current_id} are two people again; they were merged at ${occurred_at}`;
      print(lineOf({ where: "here", outcome, what }, paint));
    }
  }
  return 0;
}

function lineOf({ where, outcome, what }: Part, paint: Paint): string {
  return `${where.padEnd(7)}  ${paint(STYLES[outcome], outcome.padEnd(14))}  ${printable(what)}`;
}

/** Asks for the id again at a terminal. Without a terminal the action counts as not confirmed. */
async function isConfirmed({ action, id }: Order, { ask }: CommandIo): Promise<boolean> {
  return (await ask(`This cannot be undone. Type the id again to ${action} the person: `)) === id;
}
