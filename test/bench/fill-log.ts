import pg from "pg";

const SEGMENT_BYTES = 16 * 1024 * 1024;

/**
 * Brings the server's write-ahead log into the state after a day of use, in which it reuses its files. A new server
 * creates each file first, which takes 50 ms without commits. The server has `min_wal_size` of them; returns their
 * megabytes. Needs a role that may `checkpoint`.
 */
export async function fillLog(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query("select pg_size_bytes(current_setting('min_wal_size')) as bytes");
    const bytes = Number(rows[0].bytes);
    for (let used = 0; used < bytes; used += SEGMENT_BYTES)
      await client.query("select pg_logical_emit_message(false, 'bench', repeat('.', $1::int))", [SEGMENT_BYTES]);
    // The first checkpoint moves the start of the log, the second recycles the files before it.
    await client.query("checkpoint");
    await client.query("checkpoint");
    return bytes / 1024 / 1024;
  } finally {
    await client.end();
  }
}
