import type { Contestant } from "./contestants.ts";
import { type Load, load } from "./load.ts";
import { median } from "./median.ts";

const WARM_UP_SECONDS = 1;
/** Until V8 has optimised the code. */
const FIRST_SECONDS = 4;

interface Round extends Load {
  cpuMicros: number;
  rssMb: number;
}

export interface WebhookRow {
  name: string;
  connections: number;
  acceptedPerSecond: number;
  ofBare: number;
  ofExpress: number;
  p50Ms: number;
  p99Ms: number;
  cpuMicros: number;
  rssMb: number;
  refused: number;
}

/**
 * Rounds of all contestants in turns, with the others frozen, so that a slow moment of the machine affects all of them.
 * The shares are medians over the rounds of the share in each round.
 */
export async function compareWebhooks(
  contestants: Contestant[],
  {
    connections,
    rounds,
    seconds,
    log,
  }: { connections: number; rounds: number; seconds: number; log(line: string): void },
): Promise<WebhookRow[]> {
  const measured = new Map<Contestant, Round[]>(contestants.map((contestant) => [contestant, []]));
  for (let round = 1; round <= rounds; round += 1) {
    log(`${connections} connections, round ${round} of ${rounds}`);
    for (const contestant of contestants) {
      for (const other of contestants) if (other !== contestant) other.freeze();
      contestant.thaw();
      // The timeouts of a frozen process are over.
      await load(contestant.url, { connections, seconds: round === 1 ? FIRST_SECONDS : WARM_UP_SECONDS });
      const before = await contestant.cost();
      const loaded = await load(contestant.url, { connections, seconds });
      const after = await contestant.cost();
      const cpuMicros = (after.cpuMicros - before.cpuMicros) / Math.max(1, loaded.accepted);
      measured.get(contestant)?.push({ ...loaded, cpuMicros, rssMb: after.rssBytes / 1e6 });
    }
  }
  const roundsOf = (name: string) => [...measured].find(([contestant]) => contestant.name === name)?.[1] ?? [];
  return [...measured].map(([{ name }, ofThis]) => {
    const of = (pick: (round: Round) => number) => median(ofThis.map(pick));
    const shareOf = (other: Round[]) =>
      median(ofThis.map(({ acceptedPerSecond }, index) => acceptedPerSecond / (other[index]?.acceptedPerSecond ?? 0)));
    return {
      name,
      connections,
      acceptedPerSecond: Math.round(of(({ acceptedPerSecond }) => acceptedPerSecond)),
      ofBare: Number(shareOf(roundsOf("bare")).toFixed(2)),
      ofExpress: Number(shareOf(roundsOf("Express")).toFixed(2)),
      p50Ms: of(({ p50Ms }) => p50Ms),
      p99Ms: of(({ p99Ms }) => p99Ms),
      cpuMicros: Math.round(of(({ cpuMicros }) => cpuMicros)),
      rssMb: Math.round(of(({ rssMb }) => rssMb)),
      refused: ofThis.reduce((sum, { refused }) => sum + refused, 0),
    };
  });
}
