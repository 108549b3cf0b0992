import pg from "pg";

const SEGMENT_BYTES = 16 * 1024 * 1024;

/**
 * Brings the server's log to where it is after a day of use: its files are there, and are written
 * again. A new server makes each one first, which takes 50 ms in which nothing commits. It keeps
 * `min_wal_size` of them; answers how many megabytes that is. Needs a role that may `checkpoint`.
 */
export async function fillLog(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query("select pg_size_bytes(current_setting('min_wal_size')) as bytes");
    const bytes = Number(rows[0].bytes);
    for (let used = 0; used < bytes; used += SEGMENT_BYTES)
      await client.query("select pg_logical_emit_message(false, 'bench', repeat('.', $1::int))", [SEGMENT_BYTES]);
    // The first moves the log's beginning on, the second puts what lies before it ahead.
    await client.query("checkpoint");
    await client.query("checkpoint");
    return bytes / 1024 / 1024;
  } finally {
    await client.end();
  }
}
