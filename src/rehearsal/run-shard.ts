import { describeError } from "../lib/errors.ts";
import { samples } from "../workflows/demo/samples.ts";
import { product } from "../workflows/product.ts";
import { playShard, type ShardFacts, ShardOrder } from "./shard.ts";

/** A message of this process to the command: how far it is, or its end. */
export type ShardMessage =
  | { at: number; events: number }
  | { studio: string }
  | { facts: ShardFacts }
  | { error: string };

const PROGRESS_EVERY_MS = 250;

// The command has ended.
process.on("disconnect", exit);

process.once("message", async (order: unknown) => {
  let sentAt = 0;
  try {
    const parsed = ShardOrder.parse(order);
    const facts = await playShard(parsed, {
      product,
      samples,
      onProgress(at, { events }) {
        if (performance.now() - sentAt < PROGRESS_EVERY_MS) return;
        sentAt = performance.now();
        send({ at, events });
      },
      // The command ends this process.
      ...(parsed.studioPort !== null && {
        stay(url) {
          send({ studio: `${url}/studio` });
          return new Promise(() => {});
        },
      }),
    });
    send({ facts }, exit);
  } catch (error) {
    send({ error: describeError(error) }, exit);
  }
});

function send(message: ShardMessage, sent: () => void = () => {}): void {
  process.send?.(message, undefined, undefined, sent);
}

/** After an error, servers may still be open. */
function exit(): void {
  process.exit();
}
