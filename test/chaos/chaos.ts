import { randomInt } from "node:crypto";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { paint, print, printError } from "../../src/lib/command-io.ts";
import { buildApp, enginesOf, wholeNumber } from "../support/tool.ts";
import { playRound, type Round, type RoundOptions } from "./round.ts";

const HELP = `npm run chaos [-- options]

Loads the app with events, kills it with kill -9 at random moments, restarts it on the same data, and checks
that no event is lost or processed twice. Exits 1 when one is.

  --rounds N            loads, each on fresh data (50)
  --events N            events of one load (2000)
  --kills-per-round N   kills during one load (1); one load with 50 kills is --rounds 1 --kills-per-round 50
  --poison              adds difficult events, 100 events a second; the others must be triggered within 5 s of their
                        202 or of the app's start
  --engine NAME         sqlite, postgres or both (sqlite); postgres needs TEST_DATABASE_URL, see .ci/with-postgres
  --seed N              seed of the random moments; round n uses seed + n - 1
  --at-once N           rounds side by side (3)
  --json                print one JSON object
  --help`;

/** In a load with poison. */
const MOST_WAIT_MS = 5_000;
const RUN_BUILD = [fileURLToPath(new URL("../../dist/src/main.js", import.meta.url))];

try {
  process.exitCode = await main();
} catch (error) {
  printError((error as Error).message);
  process.exitCode = 2;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "50" },
      events: { type: "string", default: "2000" },
      "kills-per-round": { type: "string", default: "1" },
      engine: { type: "string", default: "sqlite" },
      seed: { type: "string", default: String(randomInt(1_000_000)) },
      "at-once": { type: "string", default: "3" },
      poison: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean" },
    },
  });
  if (values.help) {
    print(HELP);
    return 0;
  }

  const log = values.json ? () => {} : print;
  const rounds = wholeNumber("rounds", values.rounds);
  const seed = wholeNumber("seed", values.seed);
  const load = {
    events: wholeNumber("events", values.events),
    kills: wholeNumber("kills-per-round", values["kills-per-round"]),
    poison: values.poison,
    ...(values.poison && { mostWaitMs: MOST_WAIT_MS }),
    runApp: RUN_BUILD,
  };
  const planned = enginesOf(values.engine).flatMap((engine) =>
    Array.from({ length: rounds }, (_, index) => ({ ...load, engine, seed: seed + index })),
  );

  buildApp();
  log(`seed ${seed}: ${planned.length} loads of ${load.events} events with ${load.kills} kills each`);
  const startedAt = performance.now();
  const played = await playAll(planned, wholeNumber("at-once", values["at-once"]), (round, number) =>
    log(lineOf(round, `${number}/${planned.length}`)),
  );
  const summary = { seed, ...summaryOf(played), seconds: Math.round((performance.now() - startedAt) / 1000) };
  if (values.json) print(JSON.stringify({ ...summary, rounds: played }));
  else print(`\n${sentenceOf(summary)}`);
  return summary.violations === 0 ? 0 : 1;
}

async function playAll(
  planned: RoundOptions[],
  atOnce: number,
  onPlayed: (round: Round, number: number) => void,
): Promise<Round[]> {
  const played: Round[] = [];
  const waiting = [...planned];
  await Promise.all(
    Array.from({ length: Math.max(1, atOnce) }, async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const round = await playRound(next);
        onPlayed(round, played.push(round));
      }
    }),
  );
  return played;
}

function summaryOf(played: Round[]) {
  const sum = (count: (round: Round) => number) => played.reduce((total, round) => total + count(round), 0);
  return {
    loads: played.length,
    kills: sum(({ killedAt, killedWhileStarting }) => killedAt.length + killedWhileStarting),
    sent: sum(({ sent }) => sent),
    accepted: sum(({ accepted }) => accepted),
    triggered: sum(({ triggered }) => triggered),
    repeated: sum(({ repeated }) => repeated),
    longestWaitMs: Math.max(...played.map((round) => round.longestWaitMs)),
    violations: sum(({ violations }) => violations.length),
  };
}

function lineOf(round: Round, number: string): string {
  const { engine, seed, sent, accepted, triggered, repeated, refused, killedAt, killedWhileStarting } = round;
  const starting = killedWhileStarting === 0 ? "" : ` and ${killedWhileStarting} × while starting`;
  const facts = [
    `${sent} sent, ${refused} tries in vain`,
    `${accepted} × 202`,
    `${triggered} triggered, ${repeated} again under the same id`,
    `waited ${round.longestWaitMs} ms at most`,
    `killed at ${killedAt.join(", ")} of ${2 * sent}${starting}`,
    `${round.seconds} s`,
  ];
  const result = round.violations.length === 0 ? paint("green", "ok ") : paint("red", "BAD");
  return [
    `${result} ${number.padStart(7)} ${engine.padEnd(8)} seed ${seed}: ${facts.join(" · ")}`,
    ...round.violations.slice(0, 10).map((violation) => `    ${JSON.stringify(violation)}`),
    ...(round.kept === null
      ? []
      : [
          `    ${round.violations.length} violations; data and log: ${round.kept}`,
          `    again: npm run chaos -- --engine ${engine} --rounds 1 --seed ${seed} --events ${sent} --kills-per-round ${killedAt.length}`,
        ]),
  ].join("\n");
}

function sentenceOf(summary: ReturnType<typeof summaryOf> & { seconds: number; seed: number }): string {
  const { loads, kills, sent, accepted, triggered, repeated, violations, seconds, seed, longestWaitMs } = summary;
  const facts = `${loads} loads, ${kills} kills: ${sent} events sent, ${accepted} answered 202, ${triggered} triggered, ${repeated} triggers repeated under the same id, ${longestWaitMs} ms the longest wait`;
  return violations === 0
    ? `${paint("green", "Nothing lost, nothing twice.")} ${facts}; ${seconds} s, seed ${seed}`
    : `${paint("red", `${violations} violations.`)} ${facts}; ${seconds} s, seed ${seed}`;
}
