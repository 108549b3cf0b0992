import { answerAsks } from "./answer-asks.ts";
import { troublesOf } from "./answer-troubles.ts";
import type { FuzzAsk, Fuzzed } from "./fuzz.ts";
import { fuzzRequest } from "./fuzz-requests.ts";
import { type RawClient, rawClient } from "./raw-client.ts";

const CONNECTIONS = 64;
const MOST_TROUBLES = 40;

let answered = 0;

answerAsks<FuzzAsk, Fuzzed | number>(async (ask) => (ask.kind === "progress" ? answered : run(ask)));

async function run({ port, seed, requests, cookie }: Extract<FuzzAsk, { kind: "run" }>): Promise<Fuzzed> {
  const fuzzed: Fuzzed = { answers: {}, troubles: [] };
  let next = 0;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      const client: RawClient = rawClient(port);
      while (next < requests) {
        const number = next++;
        const request = fuzzRequest(seed, number, cookie);
        const exchange = await client.exchange(request.wire);
        answered += 1;
        const key = `${request.route} ${exchange.outcome}`;
        fuzzed.answers[key] = (fuzzed.answers[key] ?? 0) + 1;
        if (fuzzed.troubles.length < MOST_TROUBLES)
          for (const why of troublesOf(request, exchange, number)) fuzzed.troubles.push({ why, request: number });
      }
      client.close();
    }),
  );
  return fuzzed;
}
