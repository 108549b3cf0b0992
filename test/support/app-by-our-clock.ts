import { readFileSync } from "node:fs";
import { openApp } from "../../src/app.ts";
import { readConfig } from "../../src/config.ts";
import type { Clock } from "../../src/lib/clock.ts";
import { testProduct } from "./product/product.ts";

// The app as a process, with the time of a file that another process writes. On a message it does everything that is
// due, and answers with the time of its next alarm.

const alarms = new Set<{ at: number; run: () => void }>();
const clock: Clock = {
  now: () => Number(readFileSync(process.env.CLOCK_FILE ?? "", "utf8")),
  at(at, run) {
    const alarm = { at, run };
    alarms.add(alarm);
    if (at <= clock.now()) setImmediate(ringDue);
    return () => alarms.delete(alarm);
  },
};

const app = await openApp(readConfig(process.env), { product: testProduct, clock });
process.on("message", async () => {
  while (ringDue()) await app.idle();
  await app.idle();
  process.send?.({ nextAt: [...alarms].reduce((next, { at }) => Math.min(next, at), Number.POSITIVE_INFINITY) });
});
process.once("SIGTERM", async () => {
  await app.stop();
  process.disconnect();
});
process.send?.({ url: app.url });

function ringDue(): boolean {
  const due = [...alarms].filter(({ at }) => at <= clock.now());
  for (const alarm of due) if (alarms.delete(alarm)) alarm.run();
  return due.length > 0;
}
