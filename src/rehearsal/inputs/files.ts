import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { linesIn } from "../../lib/lines.ts";
import { PRIVATE_FILE } from "../../lib/rehearsal-files.ts";
import { HistoryLine } from "../history.ts";

const WRITTEN_AT_ONCE = 1024 * 1024;

/** Opens a file that only its owner may read. `w` empties it first. */
export async function openPrivate(file: string, flags: "w" | "a"): Promise<FileHandle> {
  const handle = await open(file, flags, PRIVATE_FILE);
  await handle.chmod(PRIVATE_FILE);
  return handle;
}

export interface LineWriter {
  /** Resolves when the text is written, or waits in memory for the next write. */
  write(text: string): Promise<void>;
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** Writes lines through a handle, in few large writes. */
export function createLineWriter(handle: FileHandle): LineWriter {
  let waiting: string[] = [];
  let length = 0;

  async function flush(): Promise<void> {
    if (waiting.length === 0) return;
    const text = waiting.join("");
    waiting = [];
    length = 0;
    await handle.appendFile(text);
  }

  return {
    async write(text) {
      waiting.push(`${text}\n`);
      length += text.length;
      if (length >= WRITTEN_AT_ONCE) await flush();
    },
    flush,
    async close() {
      await flush();
      await handle.close();
    },
  };
}

/** The lines of a history file that this app has written, in batches. */
export async function* readHistory(file: string): AsyncGenerator<HistoryLine[]> {
  for await (const lines of linesIn(createReadStream(file)))
    yield lines.map(({ text }) => HistoryLine.parse(JSON.parse(text ?? "")));
}
