import { createReadStream } from "node:fs";
import { chmod, type FileHandle, mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { HistoryLine } from "../history.ts";
import { linesIn } from "./lines.ts";

const PRIVATE_FOLDER = 0o700;
export const PRIVATE_FILE = 0o600;
const WRITTEN_AT_ONCE = 1024 * 1024;

/** The folder of all files of rehearsals. Only its owner may read it. */
export async function openFolder(dataDir: string): Promise<string> {
  const folder = join(dataDir, "rehearsal");
  await mkdir(folder, { recursive: true, mode: PRIVATE_FOLDER });
  // The folder may be older than its mode.
  await chmod(folder, PRIVATE_FOLDER);
  return folder;
}

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
