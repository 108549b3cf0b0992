import { setTimeout as sleep } from "node:timers/promises";
import { type AbusedApp, startApp } from "./app.ts";
import { changesOfMind } from "./changes-of-mind.ts";
import { openGoodEvents } from "./good-events.ts";
import { POISONS, type Poison } from "./poison-list.ts";
import { type Exchange, rawClient } from "./raw-client.ts";
import { watchRss } from "./rss-watch.ts";
import type { Section } from "./section.ts";
import { startServices } from "./services.ts";
import { appTroubles, goodTroubles } from "./troubles.ts";

interface Sent {
  outcomes: Array<Exchange["outcome"]>;
  troubles: string[];
}

const CHANGES = "1,500 changes of mind by one unsubscribe link";
const WATCHED_MS = 5_000;
/** Small, because forty ordinary events at the same moment delay others by 100 ms on two cores. */
const APART_MS = 10;
const DOCUMENTED: unknown[] = [200, 202, 400, 401, 404, 413, 415];

/** Single inputs with a valid signature, each beside good events, which none of them may delay. */
export const poison: Section = async (options, onRow) => {
  const isNamed = ({ name }: { name: string }) => name.includes(options.named);
  const services = await startServices({ local: true });
  const good = await openGoodEvents();
  let app = await startApp(options, services);
  try {
    await warmUp();
    await measured("nothing odd", async () => ({ outcomes: [], troubles: [] }));
    for (const one of POISONS.filter(isNamed)) await measured(one.name, (now) => sendAll(now, one), one);
    if (isNamed({ name: CHANGES })) await measured(CHANGES, (now) => changesOfMind(now, services));
  } finally {
    await Promise.all([good.close(), app.stop()]);
    await services.stop();
  }

  async function measured(name: string, act: (app: AbusedApp) => Promise<Sent>, { trouble }: Partial<Poison> = {}) {
    await services.trouble(trouble ?? null);
    const [rss, waitedBefore] = [watchRss(app), app.waitedMs()];
    await good.start(app);
    const until = sleep(WATCHED_MS);
    const { outcomes, troubles } = await act(app);
    await until;
    const seen = await good.stop(services);
    rss.stop();
    await services.trouble(null);
    const answers: Record<string, number> = {};
    for (const outcome of outcomes) answers[outcome] = (answers[outcome] ?? 0) + 1;
    const row = {
      section: "poison",
      engine: options.engine,
      name,
      requests: outcomes.length,
      answers,
      cpuMsPer10Kb: null,
      good: seen,
      rssMb: rss.peakMb(),
      troubles: [
        ...appTroubles(app),
        ...new Set(outcomes.filter((one) => !DOCUMENTED.includes(one)).map((one) => `answered ${one}`)),
        ...goodTroubles(seen, { isTimed: true }),
        ...troubles,
      ],
      notes: [
        `the app waited ${Math.round(app.waitedMs() - waitedBefore)} ms for a processor`,
        ...[...app.errors].slice(0, 3).map(([line, count]) => `${count} × ${line}`),
      ],
    };
    onRow(row);
    app.errors.clear();
    if (row.troubles.length === 0) return;
    // A fresh app for each entry.
    await app.stop();
    app = await startApp(options, services);
    await warmUp();
  }

  async function warmUp(): Promise<void> {
    await good.start(app);
    await sleep(WATCHED_MS);
    await good.stop(services);
  }
};

async function sendAll({ port }: AbusedApp, { wires, isAtOnce = false }: Poison): Promise<Sent> {
  const outcomes: Sent["outcomes"] = [];
  const client = rawClient(port);
  const all = wires();
  if (isAtOnce)
    outcomes.push(
      ...(await Promise.all(
        all.map(async (wire, index) => {
          await sleep(index * APART_MS);
          return (await rawClient(port).exchange(wire)).outcome;
        }),
      )),
    );
  else for (const wire of all) outcomes.push((await client.exchange(wire)).outcome);
  client.close();
  return { outcomes, troubles: [] };
}
