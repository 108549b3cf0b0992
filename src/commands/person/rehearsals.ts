import { createReadStream } from "node:fs";
import { open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { parseJson } from "../../lib/json.ts";
import { linesIn } from "../../lib/lines.ts";
import { PRIVATE_FILE, pseudonymOf, readPseudonymKey, rehearsalFolder } from "../../lib/rehearsal-files.ts";

/** The histories of rehearsals, whole or half written. */
const HISTORY = /\.jsonl/;
const RESULTS = /^results/;

/** The lines of histories that name a person, and the folders with results. */
export interface InRehearsals {
  lines: number;
  results: number;
}

/**
 * Deletes the lines of a person, by each id and by its pseudonym, from the histories of rehearsals, and deletes all
 * results, which may show the person. With `dryRun` it only counts. Null if there is no rehearsal.
 */
export async function deleteFromRehearsals(
  dataDir: string,
  ids: string[],
  { dryRun }: { dryRun: boolean },
): Promise<InRehearsals | null> {
  const folder = rehearsalFolder(dataDir);
  const names = await namesIn(folder);
  if (names.length === 0) return null;
  const key = await readPseudonymKey(dataDir);
  const wanted = new Set([...ids, ...(key === null ? [] : ids.map((id) => pseudonymOf(key, id)))]);

  const results = names.filter((name) => RESULTS.test(name));
  if (!dryRun) for (const name of results) await rm(join(folder, name), { recursive: true, force: true });
  let lines = 0;
  for (const name of names)
    if (!RESULTS.test(name) && HISTORY.test(name)) lines += await deleteLines(join(folder, name), wanted, dryRun);
  return { lines, results: results.length };
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** A rehearsal that reads the file at this moment reads the former one to its end. */
async function deleteLines(file: string, wanted: Set<string>, dryRun: boolean): Promise<number> {
  const texts = [...wanted].map((id) => JSON.stringify(id).slice(1, -1));
  let count = 0;
  for await (const lines of linesIn(createReadStream(file))) count += lines.filter(isTheirs).length;
  if (count === 0 || dryRun) return count;

  const rest = `${file}.rest`;
  const handle = await open(rest, "w", PRIVATE_FILE);
  try {
    for await (const lines of linesIn(createReadStream(file)))
      await handle.appendFile(lines.flatMap((line) => (isTheirs(line) ? [] : [`${line.text}\n`])).join(""));
  } finally {
    await handle.close();
  }
  await rename(rest, file);
  return count;

  /** A line that cannot be read counts too, because nobody can say whose it is. */
  function isTheirs({ text }: { text: string | null }): boolean {
    if (text === null) return true;
    if (!texts.some((id) => text.includes(id))) return false;
    const json = parseJson(text);
    return json === undefined || names(json, wanted);
  }
}

/** Whether a value is one of these ids, at any depth. */
function names(value: unknown, wanted: Set<string>): boolean {
  if (typeof value === "string") return wanted.has(value);
  if (typeof value === "number") return wanted.has(String(value));
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).some((one) => names(one, wanted));
}
