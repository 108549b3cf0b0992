import pg from "pg";

/** Codes of Node for a server that does not answer, or that no name leads to. */
const NO_ANSWER = new Set(
  "ECONNREFUSED ECONNRESET ENOTFOUND EAI_AGAIN ETIMEDOUT EHOSTUNREACH ENETUNREACH ENOENT".split(" "),
);

/**
 * The error of a first connection as a sentence with the server, the database and the way out, without the password.
 * Source of PostgreSQL's codes: https://www.postgresql.org/docs/15/errcodes-appendix.html
 */
export function connectionTrouble(url: string, error: unknown): Error {
  const { host, port, database, user } = new pg.Client({ connectionString: url });
  const where = `the database "${database}" at ${host.startsWith("/") ? host : `${host}:${port}`}`;
  const { code = "", message } = error as Error & { code?: string };
  if (NO_ANSWER.has(code) || /time-?out/i.test(message))
    return new Error(
      `${where} does not answer (${code || "timeout"}); does PostgreSQL run there, and has DATABASE_URL its host and port?`,
    );
  if (code === "28P01" || message.startsWith("SASL"))
    return new Error(`${where} refuses the password of the user "${user}"; correct it in DATABASE_URL`);
  if (code === "3D000")
    return new Error(`${where} does not exist; make it with createdb, or correct its name in DATABASE_URL`);
  return new Error(`${where} cannot be used by the user "${user}"`, { cause: error });
}
