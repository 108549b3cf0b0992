import { createHmac, randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

const PRIVATE_FOLDER = 0o700;
export const PRIVATE_FILE = 0o600;
const KEY = /^[0-9a-f]{64}$/;
const PSEUDONYM = /^[a-z]_[0-9a-f]{16}$/;

/** The folder of all files of rehearsals. */
export function rehearsalFolder(dataDir: string): string {
  return join(dataDir, "rehearsal");
}

/** Makes the folder, which only its owner may read. */
export async function openRehearsalFolder(dataDir: string): Promise<string> {
  const folder = rehearsalFolder(dataDir);
  await mkdir(folder, { recursive: true, mode: PRIVATE_FOLDER });
  // The folder may be older than its mode.
  await chmod(folder, PRIVATE_FOLDER);
  return folder;
}

/** The key of the pseudonyms of this data folder; null if there is none. */
export async function readPseudonymKey(dataDir: string): Promise<string | null> {
  try {
    const key = (await readFile(join(rehearsalFolder(dataDir), "key"), "utf8")).trim();
    if (KEY.test(key)) return key;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  throw new Error(`${join(rehearsalFolder(dataDir), "key")} is no key; delete the file, and the histories beside it`);
}

/** The key of the pseudonyms, made at its first use. All rehearsals of a data folder have the same key. */
export async function openPseudonymKey(dataDir: string): Promise<string> {
  const known = await readPseudonymKey(dataDir);
  if (known !== null) return known;
  const file = join(await openRehearsalFolder(dataDir), "key");
  const key = randomBytes(32).toString("hex");
  try {
    await writeFile(file, `${key}\n`, { flag: "wx", mode: PRIVATE_FILE });
    return key;
  } catch (error) {
    // Another rehearsal has made the key at the same moment.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return openPseudonymKey(dataDir);
  }
}

/** The pseudonym of a text: `p_…` of an id of a person, `e_…` of an id of an event. A pseudonym stays as it is. */
export function pseudonymOf(key: string, text: string, kind: "p" | "e" = "p"): string {
  if (PSEUDONYM.test(text)) return text;
  return `${kind}_${createHmac("sha256", key).update(text).digest("hex").slice(0, 16)}`;
}
