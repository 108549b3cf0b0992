import { type SqliteDriver, sqliteDriver } from "../store/sqlite-driver.ts";

const FAST = "pragma synchronous = off; pragma secure_delete = off";

/** SQLite that does not wait for the disk. A rehearsal that is killed starts again from its history. */
export async function fastSqlite(): Promise<SqliteDriver> {
  const driver = await sqliteDriver();
  return {
    ...driver,
    open(file, options) {
      const connection = driver.open(file, options);
      const exec = connection.exec.bind(connection);
      return Object.assign(connection, {
        exec: (text: string) => exec(text.includes("journal_mode") ? `${text}; ${FAST}` : text),
      });
    },
  };
}
