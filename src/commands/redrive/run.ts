import type { JobRecord } from "../../contracts/history.ts";
import { type RunContext, UsageError } from "../../lib/command.ts";
import type { CommandIo } from "../../lib/command-io.ts";
import type { DeadSelection } from "../../store/jobs.ts";
import { type CommandStore, withStoreToChange } from "../command-store.ts";
import type { OPTIONS } from "../redrive.ts";

type Order = ReturnType<typeof orderOf>;

export async function run({ options, env, now, io }: RunContext<typeof OPTIONS>): Promise<number> {
  const order = orderOf(options);
  const { which } = order;
  return withStoreToChange({ env, now }, (store) =>
    which === null ? list(store, order, io) : tryAgain(store, which, order, io),
  );
}

function orderOf(options: RunContext<typeof OPTIONS>["options"]) {
  const { all, cause, id, "dry-run": dryRun, limit, json } = options;
  const given: DeadSelection[] = [
    ...(all ? ["all" as const] : []),
    ...(cause !== undefined ? [{ error: cause }] : []),
    ...(id !== undefined ? [{ id: number("--id", id) }] : []),
  ];
  if (given.length > 1) throw new UsageError("--all, --cause and --id do not go together");
  return { which: given[0] ?? null, dryRun, limit: number("--limit", limit), json };
}

function number(option: string, text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new UsageError(`${option} "${text}" is not a number from 1`);
  return Number(text);
}

async function list(store: CommandStore, { limit, json }: Order, { print }: CommandIo): Promise<number> {
  const [causes, dead] = [await store.jobs.countDeadByError(), await store.jobs.listDead({ limit })];
  if (json) print(JSON.stringify({ causes, dead }));
  else if (dead.length === 0) print("There are no dead jobs.");
  else print([...causes.map(causeLine), "", ...dead.map(deadLine)].join("\n"));
  return dead.length === 0 ? 0 : 3;
}

async function tryAgain(
  store: CommandStore,
  which: DeadSelection,
  { dryRun, json }: Order,
  { print }: CommandIo,
): Promise<number> {
  const count = dryRun ? await countOf(store, which) : await store.jobs.redrive(which);
  if (json) print(JSON.stringify(dryRun ? { wouldRedrive: count } : { redriven: count }));
  else if (count === 0) print("No dead job matches.");
  else print(`${count} ${count === 1 ? "job" : "jobs"} ${dryRun ? "would be tried" : "will be tried"} again.`);
  return count === 0 ? 1 : 0;
}

async function countOf(store: CommandStore, which: DeadSelection): Promise<number> {
  if (which !== "all" && "id" in which) {
    const dead = await store.jobs.listDead({ limit: Number.MAX_SAFE_INTEGER });
    return dead.filter(({ id }) => id === which.id).length;
  }
  const causes = await store.jobs.countDeadByError();
  return causes
    .filter(({ error }) => which === "all" || error === which.error)
    .reduce((sum, { count }) => sum + count, 0);
}

function causeLine({ error, count }: { error: string; count: number }): string {
  return `${String(count).padStart(6)} × ${error}`;
}

function deadLine({ id, key, queue, attempts, error }: JobRecord): string {
  return `${String(id).padStart(6)}   ${queue}  ${key}  after ${attempts} ${attempts === 1 ? "attempt" : "attempts"}: ${error}`;
}
