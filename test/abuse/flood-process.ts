import { setTimeout as sleep } from "node:timers/promises";
import { answerAsks } from "./answer-asks.ts";
import { FLOODS } from "./flood-list.ts";
import type { FloodAsk, Flooded } from "./floods.ts";
import { rawClient, type Wire } from "./raw-client.ts";

const PIECE_BYTES = 10 * 1024;
/** A late flood does not catch up in one burst. */
const MOST_BEHIND_MS = 100;

answerAsks<FloodAsk, Flooded>(async ({ name, port, seconds, rate }) => {
  const { connections, next } = FLOODS.find((flood) => flood.name === name)!;
  const flooded: Flooded = { requests: 0, pieces: 0, answers: {} };
  // Built before, because a large body takes the sender's time.
  next();
  const startedAt = performance.now();
  const until = startedAt + seconds * 1000;
  let turnAt = startedAt;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const client = rawClient(port);
      while (performance.now() < until) {
        const wire = next();
        await turnOf(wire);
        if (performance.now() >= until) break;
        const { outcome, sent } = await client.exchange(wire);
        flooded.requests += 1;
        flooded.pieces += piecesOf(sent);
        flooded.answers[outcome] = (flooded.answers[outcome] ?? 0) + 1;
        // Without the app each request fails at once.
        if (outcome === "cut off") await sleep(20);
      }
      client.close();
    }),
  );
  return flooded;

  /** Each request waits until the rate allows its pieces. */
  async function turnOf({ bytes }: Wire): Promise<void> {
    const at = turnAt;
    turnAt = Math.max(turnAt, performance.now() - MOST_BEHIND_MS);
    if (rate > 0) turnAt += (piecesOf(bytes.length) * 1000) / rate;
    const waitMs = Math.min(at, until) - performance.now();
    if (waitMs > 1) await sleep(waitMs);
  }
});

function piecesOf(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / PIECE_BYTES));
}
