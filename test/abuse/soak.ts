import { setTimeout as sleep } from "node:timers/promises";
import { startApp } from "./app.ts";
import { openGoodEvents } from "./good-events.ts";
import { median } from "./median.ts";
import { watchRss } from "./rss-watch.ts";
import type { Section } from "./section.ts";
import { startServices } from "./services.ts";
import { appTroubles, goodTroubles } from "./troubles.ts";

const WARM_UP_MS = 10_000;
const MINUTE_MS = 60_000;
const SECOND_MS = 1_000;
const MOST_GROWTH = 1.1;
/** Without a limit V8 retains garbage of up to three times the live heap, which hides a leak in RSS. */
const HEAP_MB = 256;

/** Good events at a steady rate for a long time: memory must not grow. */
export const soak: Section = async (options, onRow) => {
  const services = await startServices({ local: false });
  const good = await openGoodEvents();
  const app = await startApp({ ...options, heap: options.heap ?? HEAP_MB }, services);
  try {
    await good.start(app, options.rate);
    await sleep(WARM_UP_MS);
    const rss = watchRss(app, SECOND_MS);
    const startedAt = performance.now();
    const endsAt = startedAt + options.minutes * MINUTE_MS;
    while (performance.now() < endsAt && app.ended() === null) {
      await sleep(SECOND_MS);
      await services.look();
    }
    rss.stop();
    const first = medianBetween(startedAt, startedAt + MINUTE_MS);
    const last = medianBetween(endsAt - MINUTE_MS, endsAt);
    const seen = await good.stop(services);
    onRow({
      section: "soak",
      engine: options.engine,
      name: `${options.rate} events/s for ${options.minutes} min`,
      requests: seen.sent,
      answers: seen.answers,
      cpuMsPer10Kb: null,
      good: seen,
      rssMb: rss.peakMb(),
      troubles: [
        ...appTroubles(app),
        ...goodTroubles(seen, { isTimed: false }),
        ...(last > first * MOST_GROWTH ? [`RSS grew from ${first} to ${last} MB`] : []),
      ],
      notes: [`median RSS ${first} MB in the first minute, ${last} MB in the last`],
    });

    function medianBetween(from: number, to: number): number {
      return Math.round(median(rss.samples.filter(({ at }) => at >= from && at <= to).map(({ mb }) => mb)));
    }
  } finally {
    await Promise.all([good.close(), app.stop()]);
    await services.stop();
  }
};
