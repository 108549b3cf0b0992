import type { SqliteDatabase, SqliteStatement } from "kysely";

/**
 * SQLite as the store uses it, from either package. Its errors are `SqliteError`s where SQLite itself reports them. Integers beyond 2^53 lose their last digits; rows may have no prototype.
 */
export interface SqliteDriver {
  name: "node:sqlite" | "libsql";
  /** `readOnly`: the file must exist, and is neither written nor checkpointed, not even at close. */
  open(file: string, options?: { readOnly?: boolean }): SqliteConnection;
  /** Copies what is committed at this moment from one file to another, off the main thread. */
  copy(from: string, to: string): Promise<void>;
}

export interface SqliteConnection extends SqliteDatabase {
  exec(text: string): void;
  prepare(text: string): SqliteStatement;
}

/** An error that SQLite itself reports. */
export class SqliteError extends Error {
  override readonly name = "SqliteError";
  /** SQLite's primary result code, such as SQLITE_BUSY: https://sqlite.org/rescode.html */
  readonly code: string;

  /** `resultCode` may be an extended one. */
  constructor(message: string, resultCode: number) {
    super(message);
    this.code = `SQLITE_${PRIMARY_CODES[resultCode & 0xff] ?? "ERROR"}`;
  }
}

/** In the order of their numbers, from 0. */
const PRIMARY_CODES = (
  "OK ERROR INTERNAL PERM ABORT BUSY LOCKED NOMEM READONLY INTERRUPT IOERR CORRUPT NOTFOUND FULL CANTOPEN PROTOCOL " +
  "EMPTY SCHEMA TOOBIG CONSTRAINT MISMATCH MISUSE NOLFS AUTH FORMAT RANGE NOTADB"
).split(" ");
