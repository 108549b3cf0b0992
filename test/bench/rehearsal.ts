import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { testFolder } from "../support/folder.ts";
import { SINCE, UNTIL, writeHistory } from "./write-history.ts";

// npm run bench:rehearsal -- [events ...]
// The time and the memory of a rehearsal for histories of these sizes, one after the other.

const sizes = process.argv.slice(2).map(Number);

for (const events of sizes.length > 0 ? sizes : [1_000, 10_000]) {
  using folder = testFolder();
  const file = join(folder.path, "events.jsonl");
  await writeHistory(file, events);
  const period = ["--since", new Date(SINCE).toISOString(), "--until", new Date(UNTIL).toISOString()];
  const startedAt = performance.now();
  const args = ["--import", "tsx", "src/rehearsal/rehearse.ts", "--from", file, ...period, "--json"];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, DATA_DIR: folder.path },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString("utf8");
  });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`the rehearsal ended with ${code}`);
  const seconds = (performance.now() - startedAt) / 1000;
  console.log(events, seconds.toFixed(1), text.slice(0, 1500));
}
