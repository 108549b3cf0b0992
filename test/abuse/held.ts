import { setTimeout as sleep } from "node:timers/promises";
import { startApp } from "./app.ts";
import { openGoodEvents } from "./good-events.ts";
import { HOLDS, type Hold } from "./held-list.ts";
import { startHelper } from "./helper-process.ts";
import { watchRss } from "./rss-watch.ts";
import type { Section } from "./section.ts";
import { startServices } from "./services.ts";
import { appTroubles, goodTroubles, type Row } from "./troubles.ts";

export interface HeldAsk {
  name: string;
  port: number;
  withinMs: number;
}

export interface Holding {
  answers: Record<string, number>;
  left: number;
  /** The time at which the last one was closed. */
  afterMs: number;
}

const CLOSED_WITHIN_MS = 25_000;
/** Opens closed connections again until there are enough good events. */
const HELD_FOR_MS = 10_000;
const ROUND_MS = 2_500;
const MOST_MORE_MB = 150;
const SETTLE_MS = 2_000;

/** Connections that send a part of a request and then wait. */
export const held: Section = async (options, onRow) => {
  const services = await startServices({ local: false });
  const good = await openGoodEvents();
  const holder = await startHelper<HeldAsk, Holding>(new URL("./held-process.ts", import.meta.url), 5);
  let app = await startApp(options, services);
  try {
    for (const hold of HOLDS.filter(({ name }) => name.includes(options.named))) {
      await good.start(app);
      await sleep(SETTLE_MS);
      await good.stop(services);
      const row = await measured(hold);
      onRow(row);
      if (row.troubles.length === 0) continue;
      await app.stop();
      app = await startApp(options, services);
    }
  } finally {
    await Promise.all([good.close(), holder.stop(), app.stop()]);
    await services.stop();
  }

  async function measured({ name, connections }: Hold): Promise<Row> {
    const baseMb = app.rssMb();
    const rss = watchRss(app);
    await good.start(app);
    const answers: Holding["answers"] = {};
    let [left, afterMs, opened] = [0, 0, 0];
    for (const startedAt = performance.now(); left === 0 && performance.now() - startedAt < HELD_FOR_MS; ) {
      const again = sleep(ROUND_MS);
      const holding = await holder.ask({ name, port: app.port, withinMs: CLOSED_WITHIN_MS });
      await again;
      opened += connections;
      left = holding.left;
      afterMs = Math.max(afterMs, holding.afterMs);
      for (const [answer, count] of Object.entries(holding.answers)) answers[answer] = (answers[answer] ?? 0) + count;
    }
    const seen = await good.stop(services);
    rss.stop();
    const more = Math.round(rss.peakMb() - baseMb);
    return {
      section: "held",
      engine: options.engine,
      name,
      requests: opened,
      answers,
      cpuMsPer10Kb: null,
      good: seen,
      rssMb: rss.peakMb(),
      troubles: [
        ...appTroubles(app),
        ...(more > MOST_MORE_MB ? [`RSS rose by ${more} MB, from ${Math.round(baseMb)}`] : []),
        ...(left > 0
          ? [`${left} of ${connections} connections are still open after ${CLOSED_WITHIN_MS / 1000} s`]
          : []),
        ...goodTroubles(seen, { isTimed: true }),
      ],
      notes: [`${opened - left} were closed, the last after ${afterMs} ms; RSS +${more} MB`],
    };
  }
};
