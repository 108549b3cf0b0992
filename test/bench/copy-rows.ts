import pg from "pg";
import { DAY_MS } from "../../src/lib/durations.ts";
import { PERSON_TABLES } from "../../src/store/people.ts";
import { sqliteDriver } from "../../src/store/sqlite-driver.ts";
import { fileIn } from "../../src/store/sqlite-files.ts";

/** Every id in the rows ends with this text, so that a copy of a row can get other ids. No other text has it. */
export const COPY_MARK = "~";

/** The persons of the rows that are copied, at most. */
const MOST_PEOPLE = 10_000;
const DIGITS = 4;
/** Spreads following numbers over all ids, as a source's own ids are spread. */
const SPREAD = { by: 10_872_470_357_501, below: 2 ** 44 };

/** The tables with the rows of people. The ignored events have a limit of their own. */
const COPIED = Object.values(PERSON_TABLES).filter((table) => !["ignored_events", "aliases"].includes(table));

/** The distinct id of a person with this number, without an order. */
export function personId(number: number): string {
  const spread = Number((BigInt(number) * BigInt(SPREAD.by)) % BigInt(SPREAD.below));
  return `user_${spread.toString(16).padStart(11, "0")}${String(number % MOST_PEOPLE).padStart(DIGITS, "0")}`;
}

/** A connection to a filled store, and the parts of a statement that differ between the engines. */
interface Opened {
  run(text: string): Promise<void>;
  /** The columns that an insert may name. */
  columnsOf(table: string): Promise<Array<{ name: string; isText: boolean }>>;
  /** Each row of `seed` with the numbers of its copies, as `copy`; all copies of a row follow each other. */
  seedAndCopies: string;
  personNumber: string;
  personId(number: string): string;
  laterIso(column: string, ms: string): string;
  close(): Promise<void>;
}

/**
 * Copies all rows of people until the store has each of them `copies` times, in SQL. Each copy has ids of its own, and
 * is about other people and another moment of the same day. The rows come in the order of time, by the day.
 */
export async function copyRows(
  env: Record<string, string>,
  { copies, people }: { copies: number; people: number },
): Promise<void> {
  const store = await (env.DATABASE_URL === undefined
    ? openSqlite(env.DATA_DIR ?? "", copies)
    : openPostgres(env.DATABASE_URL, copies));
  try {
    for (const table of COPIED) await copyTable(store, table, { copies, people });
  } finally {
    await store.close();
  }
}

async function copyTable(
  store: Opened,
  table: string,
  { copies, people }: { copies: number; people: number },
): Promise<void> {
  const columns = await store.columnsOf(table);
  const laterMs = `(copy * ${Math.floor(DAY_MS / copies)})`;
  const values = columns.map(({ name, isText }) => {
    if (name === "distinct_id") return "copied_id";
    if (name.endsWith("_at")) return isText ? store.laterIso(name, laterMs) : `${name} + ${laterMs}`;
    if (name === "arrival") return `arrival + ${laterMs} * 1000`;
    if (!isText) return name;
    const text = `replace(replace(${name}, '${COPY_MARK}', '${COPY_MARK}' || copy), distinct_id, copied_id)`;
    // The body of a decision is the origin of the column.
    const isDecision = table === "decisions" && name === "body";
    return isDecision ? `replace(${text}, decided_at, ${store.laterIso("decided_at", laterMs)})` : text;
  });
  const names = columns.map(({ name }) => name);
  // Decisions are in the order of time already.
  const time = names.find((name) => name.endsWith("_at"));
  await store.run(`create temporary table seed as select * from ${table} ${time ? `order by ${time}` : ""}`);
  await store.run(`
    insert into ${table} (${names.join(", ")}) select ${values.join(", ")} from (
      select copies.*, ${store.personId(`(${store.personNumber} + copy * ${people})`)} as copied_id
      from (${store.seedAndCopies}) as copies) as copies`);
  await store.run("drop table seed");
}

async function openSqlite(dataDir: string, copies: number): Promise<Opened> {
  const connection = (await sqliteDriver()).open(fileIn(dataDir));
  const run = async (text: string) => connection.exec(text);
  await run("pragma synchronous = off; pragma cache_size = -4000000; pragma temp_store = memory");
  await run(`
    create temporary table copies as
    with recursive numbers (copy) as (select 1 union all select copy + 1 from numbers where copy < ${copies - 1})
    select copy from numbers where ${copies} > 1`);
  return {
    run,
    async columnsOf(table) {
      // Without generated columns.
      const columns = connection.prepare(`pragma table_info(${table})`).all([]) as Array<{
        name: string;
        type: string;
      }>;
      return columns
        .filter(({ name }) => name !== "id")
        .map(({ name, type }) => ({ name, isText: type.toLowerCase() === "text" }));
    },
    seedAndCopies: "select seed.*, copies.copy from seed cross join copies",
    personNumber: `cast(substr(distinct_id, -${DIGITS}) as integer)`,
    personId: (number) =>
      `printf('user_%011x%0${DIGITS}d', ${number} * ${SPREAD.by} % ${SPREAD.below}, ${number} % ${MOST_PEOPLE})`,
    laterIso: (column, ms) => `strftime('%Y-%m-%dT%H:%M:%fZ', ${column}, '+' || (${ms} / 1000.0) || ' seconds')`,
    async close() {
      await run("pragma wal_checkpoint(truncate)");
      connection.close();
    },
  };
}

async function openPostgres(url: string, copies: number): Promise<Opened> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const run = async (text: string) => void (await client.query(text));
  await run("set synchronous_commit = off");
  return {
    run,
    async columnsOf(table) {
      const { rows } = await client.query(
        `select column_name, data_type from information_schema.columns
         where table_schema = current_schema() and table_name = $1 and is_generated = 'NEVER' and is_identity = 'NO'`,
        [table],
      );
      return rows.map((row) => ({ name: row.column_name, isText: row.data_type === "text" }));
    },
    seedAndCopies: `select seed.*, generate_series(1::bigint, ${copies - 1}) as copy from seed`,
    personNumber: `right(distinct_id, ${DIGITS})::bigint`,
    personId: (number) => `'user_' || lpad(to_hex(${number} * ${SPREAD.by} % ${SPREAD.below}), 11, '0')
      || lpad((${number} % ${MOST_PEOPLE})::text, ${DIGITS}, '0')`,
    laterIso: (column, ms) => `to_char(
      (${column}::timestamptz + ${ms} * interval '1 millisecond') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`,
    async close() {
      // As the autovacuum does.
      await run("vacuum (analyze)");
      await client.end();
    },
  };
}
