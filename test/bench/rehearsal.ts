import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { z } from "zod";
import { print } from "../../src/lib/command-io.ts";
import { testFolder } from "../support/folder.ts";
import { SINCE, UNTIL, writeHistory } from "./write-history.ts";

const HELP = `npm run bench:rehearsal -- [events ...]

Rehearses generated histories of 30 days with these numbers of events (1000 and 10000), one after the other, and
prints the time and the memory of each. A fifth as many people have these events.`;

const Printed = z.object({
  now: z.object({ facts: z.object({ people: z.number(), seconds: z.number(), memory: z.number() }) }),
});

const { values, positionals } = parseArgs({ allowPositionals: true, options: { help: { type: "boolean" } } });
const sizes = (positionals.length > 0 ? positionals : ["1000", "10000"]).map(Number);

if (values.help) print(HELP);
else for (const events of sizes) print(await rehearse(events));

async function rehearse(events: number): Promise<string> {
  using folder = testFolder();
  const file = join(folder.path, "events.jsonl");
  await writeHistory(file, events);
  const period = ["--since", new Date(SINCE).toISOString(), "--until", new Date(UNTIL).toISOString()];
  const startedAt = performance.now();
  const child = spawn(
    process.execPath,
    ["--import", "tsx", join("src", "rehearsal", "rehearse.ts"), "--from", file, ...period, "--json"],
    { env: { ...process.env, DATA_DIR: folder.path }, stdio: ["ignore", "pipe", "inherit"] },
  );
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, "close")]);
  if (code !== 0) throw new Error(`the rehearsal ended with the code ${code}`);
  const seconds = (performance.now() - startedAt) / 1000;
  const { facts } = Printed.parse(JSON.parse(output)).now;
  return [
    `${events} events of ${facts.people} people: ${seconds.toFixed(0)} s, ${facts.seconds.toFixed(0)} s to play`,
    `${((facts.seconds * 1000) / events).toFixed(1)} ms an event`,
    `${Math.round(facts.memory / 1e6)} MB`,
  ].join(", ");
}
