import { setTimeout as sleep } from "node:timers/promises";
import { type AbusedApp, startApp } from "./app.ts";
import { FLOODS, type Flood } from "./flood-list.ts";
import { openGoodEvents } from "./good-events.ts";
import { startHelper } from "./helper-process.ts";
import { LOGINS, logIn } from "./log-in.ts";
import { watchRss } from "./rss-watch.ts";
import type { Section } from "./section.ts";
import { startServices } from "./services.ts";
import { appTroubles, goodTroubles, type Row } from "./troubles.ts";

export interface FloodAsk {
  name: string;
  port: number;
  seconds: number;
  /** In pieces of 10 KB a second; 0 is unlimited. */
  rate: number;
}

export interface Flooded {
  requests: number;
  /** In pieces of 10 KB, at least one per request. */
  pieces: number;
  answers: Record<string, number>;
}

const SECONDS = 10;
/** Not measured: the app and the attacker compile code at its first use. */
const WARM_UP_SECONDS = 1;
const MOST_MS_PER_PIECE = 1;
const ATTACKERS_NICENESS = 5;

/** Floods of each kind of unproven request, beside good events. */
export async function floods(options: Parameters<Section>[0], onRow: (row: Row) => void): Promise<void> {
  const services = await startServices({ local: false });
  const good = await openGoodEvents();
  const attackers = await startHelper<FloodAsk, Flooded>(
    new URL("./flood-process.ts", import.meta.url),
    ATTACKERS_NICENESS,
  );
  let app = await startApp(options, services);
  try {
    await quiet();
    const base = await measured("no flood", null, 0);
    const baseCpu = base.cpuMs / base.ms;
    onRow(base.row);
    for (const flood of FLOODS.filter(({ name }) => name.includes(options.named))) {
      const { row } = await measured(flood.name, flood, baseCpu);
      onRow(row);
      // A fresh app for each flood.
      if (row.troubles.length > 0) await restart();
    }
  } finally {
    await Promise.all([good.close(), attackers.stop(), app.stop()]);
    await services.stop();
  }

  async function measured(name: string, flood: Flood | null, baseCpu: number) {
    const ask = { name, port: app.port, rate: options.floodRate };
    if (flood !== null) await attackers.ask({ ...ask, seconds: WARM_UP_SECONDS });
    const rss = watchRss(app);
    const [cpuBefore, waitedBefore, startedAt] = [app.cpuMs(), app.waitedMs(), performance.now()];
    await good.start(app);
    const logins = flood?.hasLogins ? keepLoggingIn(app) : null;
    const flooded =
      flood === null ? await sleep(SECONDS * 1000).then(none) : await attackers.ask({ ...ask, seconds: SECONDS });
    const ms = performance.now() - startedAt;
    const cpuMs = app.cpuMs() - cpuBefore;
    const seen = await good.stop(services);
    rss.stop();
    const perPiece = flood === null ? null : Math.max(0, cpuMs - baseCpu * ms) / flooded.pieces;
    const row: Row = {
      section: "floods",
      engine: options.engine,
      name,
      requests: flooded.requests,
      answers: flooded.answers,
      cpuMsPer10Kb: perPiece,
      good: seen,
      rssMb: rss.peakMb(),
      troubles: [
        ...appTroubles(app),
        ...(perPiece !== null && perPiece > MOST_MS_PER_PIECE
          ? [`${perPiece.toFixed(2)} ms of CPU for each 10 KB, above ${MOST_MS_PER_PIECE}`]
          : []),
        ...goodTroubles(seen, { isTimed: true }),
        ...((await logins) ?? []),
      ],
      notes: [
        `the app waited ${Math.round(app.waitedMs() - waitedBefore)} ms for a processor, the sender's own delay was ${seen.ownDelayP99Ms} ms`,
      ],
    };
    return { row, cpuMs, ms };
  }

  async function quiet(): Promise<void> {
    await good.start(app);
    await sleep(1_000);
    await good.stop(services);
  }

  async function restart(): Promise<void> {
    await app.stop();
    app = await startApp(options, services);
    await quiet();
  }
}

function none(): Flooded {
  return { requests: 0, pieces: 0, answers: {} };
}

/** One login after another. Each must work at the first attempt. */
async function keepLoggingIn(app: AbusedApp): Promise<string[]> {
  const statuses: Array<number | null> = [];
  for (let count = 0; count < LOGINS; count += 1) {
    await sleep((SECONDS * 1000) / (LOGINS + 1));
    statuses.push(await logIn(app));
  }
  const refused = statuses.filter((status) => status !== 303);
  return refused.length === 0
    ? []
    : [`${refused.length} of ${LOGINS} logins with the right secret: ${refused.join(", ")}`];
}
