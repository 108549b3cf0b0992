import type {
  Compilable,
  CompiledQuery,
  DialectAdapter,
  Insertable,
  Kysely,
  OperationNodeSource,
  QueryResult,
  RawBuilder,
  Transaction,
} from "kysely";
import type { Queue } from "../contracts/job.ts";
import { type BatchCommitOptions, batchCommit } from "../lib/batch-commit.ts";
import type { Limits } from "./limits.ts";
import type { Store } from "./store.ts";
import type { Tables } from "./tables.ts";

/** An open database, and the differences between the engines. */
export interface Engine {
  db: Kysely<Tables>;
  now: () => number;
  /** Whether the row itself caused the failure of a write. */
  isAboutAnItem(error: unknown): boolean;
  /** Whether several processes may claim at the same time. Then a claim skips the rows that others have locked. */
  skipLocked: boolean;
  /** The rows as the source of an INSERT, in the fastest form of the engine. */
  fromRows(table: keyof Tables, rows: object[], columns: string[]): RawBuilder<never>;
  /** Runs all inserts or none, in this order. */
  writeTogether(inserts: Insert[]): Promise<void>;
  /** Runs the work in a transaction, which it may share with other works of the same moment. */
  share<Result>(work: (trx: Kysely<Tables>) => Promise<Result>): Promise<Result>;
  /** As `share`, for a work of one statement, which needs no transaction of its own. */
  shareOne<Result>(statement: (on: Kysely<Tables>) => Promise<Result>): Promise<Result>;
  /** How many groups of events may be written at the same time. */
  groupsAtOnce: number;
  reserveSlots: Limits["reserveSlots"];
  /** Whether this transaction may delete old rows. No other transaction may until this one has ended. */
  takeSweep(trx: Kysely<Tables>): Promise<boolean>;
  /** Blocks other transactions that lock one of these names until this one has ended. */
  lock(trx: Kysely<Tables>, names: string[]): Promise<void>;
  /** Notifies other processes of a due job; a process that the notification does not reach finds the job by polling. */
  announce(queue: Queue): void;
  /** Calls `wake` when another process may have written a job of a queue, until the returned function is called. */
  watch(wake: (queue: Queue) => void): () => Promise<void>;
  backup: Store["backup"];
  close(): Promise<void>;
}

/** An engine as the repositories use it, which also notifies the listeners in this process. */
export interface Parts extends Omit<Engine, "announce" | "watch" | "backup" | "close"> {
  /** A job of this queue was written, which is due at `dueAt`. */
  announce(queue: Queue, dueAt: number): void;
  changed(): void;
}

export type Row<Table extends keyof Tables> = Insertable<Tables[Table]>;

/** An insert that has not run yet. */
export type Insert = Compilable & OperationNodeSource;

/**
 * A transaction that fails with the first error. Kysely's own transaction fails with the error of the rollback, which
 * hides the cause after a full disk or a lost connection.
 */
export async function inTransaction<Result>(
  db: Kysely<Tables>,
  work: (trx: Transaction<Tables>) => Promise<Result>,
): Promise<Result> {
  const trx = await db.startTransaction().execute();
  try {
    const result = await work(trx);
    await trx.commit().execute();
    return result;
  } catch (error) {
    await trx
      .rollback()
      .execute()
      .catch(() => {});
    throw error;
  }
}

class Placeholder {
  readonly valueIn: (values: Record<string, unknown>) => unknown;

  constructor(valueIn: Placeholder["valueIn"]) {
    this.valueIn = valueIn;
  }
}

/** The text for longer lists is made in each call: it costs little for each item, and the texts would fill the memory. */
const LONGEST_LISTS = 8;

/**
 * A query whose text is made once for each engine and each length of its lists, because making a text takes longer than
 * to run it. `build` gets placeholders, a list of them for a list, and must not look at them.
 */
export function prepared<Values extends object, Found>(
  build: (on: Kysely<Tables>, value: (name: keyof Values & string) => never) => { compile(): CompiledQuery<Found> },
): (on: Kysely<Tables>, values: Values) => Promise<QueryResult<Found>> {
  const texts = new WeakMap<DialectAdapter, Map<string, CompiledQuery<Found>>>();
  return (on, wanted) => {
    const values = wanted as Record<string, unknown>;
    const { adapter } = on.getExecutor();
    const ofEngine = texts.get(adapter) ?? new Map<string, CompiledQuery<Found>>();
    texts.set(adapter, ofEngine);
    const lengths = Object.values(values).map((value) => (Array.isArray(value) ? value.length : 0));
    const key = lengths.join();
    const compiled = ofEngine.get(key) ?? build(on, (name) => placeholderFor(name, values[name]) as never).compile();
    if (lengths.every((length) => length <= LONGEST_LISTS)) ofEngine.set(key, compiled);
    const parameters = compiled.parameters.map((one) => (one instanceof Placeholder ? one.valueIn(values) : one));
    return on.executeQuery({ ...compiled, parameters });
  };
}

function placeholderFor(name: string, value: unknown): Placeholder | Placeholder[] {
  if (!Array.isArray(value)) return new Placeholder((values) => values[name]);
  return value.map((_, index) => new Placeholder((values) => (values[name] as unknown[])[index]));
}

/** When more reads or writes wait than this, the database no longer answers. */
const MOST_WAITING = 20_000;
/** SQLite takes 32,766 values in one statement. */
const MOST_TOGETHER = 500;

/** Small reads and writes that arrive during a statement share the next one. */
export function together<Item, Result>(
  ask: (items: Item[]) => Promise<Result[]>,
  options: Partial<Pick<BatchCommitOptions<Item, Result>, "isAboutAnItem" | "mostInBatch">> = {},
): (item: Item) => Promise<Result> {
  return batchCommit<Item, Result>({
    commit: ask,
    bytesOf: () => 1,
    isAboutAnItem: () => false,
    mostWaiting: MOST_WAITING,
    mostWaitingBytes: MOST_WAITING,
    mostInBatch: MOST_TOGETHER,
    mostBatchBytes: MOST_TOGETHER,
    ...options,
  });
}

/**
 * Runs `run` with items of which no two have the same key, and then again with the others. The results have the order of
 * the items.
 */
export async function inRounds<Item, Result>(
  items: Item[],
  keyOf: (item: Item) => string,
  run: (round: Item[]) => Promise<Result[]>,
): Promise<Result[]> {
  const keys = items.map(keyOf);
  const isFirst = (_: Item, index: number) => keys.indexOf(keys[index] as string) === index;
  const round = items.filter(isFirst);
  const results = await run(round);
  if (round.length === items.length) return results;
  const later = items.filter((item, index) => !isFirst(item, index));
  const resultsOfLater = await inRounds(later, keyOf, run);
  return items.map((item, index) => (isFirst(item, index) ? results : resultsOfLater).shift() as Result);
}

/**
 * One statement that inserts all rows; its text is the same for any number of rows. All rows have the same columns.
 * Null without rows.
 */
export function insertRows<Table extends keyof Tables>(
  on: Kysely<Tables>,
  fromRows: Engine["fromRows"],
  table: Table,
  rows: Row<Table>[],
) {
  const [first] = rows;
  if (first === undefined) return null;
  const columns = Object.keys(first);
  return on
    .insertInto(table)
    .columns(columns as never)
    .expression(fromRows(table, rows, columns));
}

/**
 * Sorts rows by key, because two processes that write the same keys in different orders would block each other
 * (deadlock). Rows with the same key keep their order.
 */
export function inOrder<One>(rows: One[], keyOf: (row: One) => string): One[] {
  return rows
    .map((row) => ({ row, key: keyOf(row) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ row }) => row);
}
