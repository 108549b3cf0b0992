import { type Config, readConfig } from "../../config.ts";
import { type RunContext, UsageError } from "../../lib/command.ts";
import { type CommandIo, type Paint, printable } from "../../lib/command-io.ts";
import { parseJson } from "../../lib/json.ts";
import { createNovuApi } from "../../novu/api.ts";
import type { ReadStore } from "../../store/store.ts";
import { type CommandStore, storeIn, withStoreToChange, withStoreToRead } from "../command-store.ts";
import type { OPTIONS } from "../person.ts";
import { createPostHogApi } from "../posthog-api.ts";
import { erase, type Part } from "./erase.ts";
import { deleteFromRehearsals } from "./rehearsals.ts";

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

export async function run({ options, positionals, env, now, io }: RunContext<typeof OPTIONS>): Promise<number> {
  const order = orderOf(options, positionals);
  if (order.action === "export")
    return withStoreToRead({ ...storeIn(env), now }, (store) => exportPerson(store, order.id, io));
  const config = order.action === "delete" ? readConfig(env) : null;
  if (!order.dryRun && !order.yes && !(await isConfirmed(order, io)))
    throw new UsageError(`nothing was ${order.action === "split" ? "split" : "deleted"}: --yes is missing`);
  return withStoreToChange({ env, now }, (store) =>
    config === null ? splitPerson(store, order, io) : deletePerson(store, order, config, io),
  );
}

function orderOf(options: RunContext<typeof OPTIONS>["options"], positionals: string[]) {
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
