import type { IncomingMessage } from "node:http";

/** The body cannot be read; `status` is the answer to its sender. */
export class BodyError extends Error {
  override readonly name = "BodyError";
  readonly status: 400 | 413 | 503;

  constructor(message: string, status: 400 | 413 | 503) {
    super(message);
    this.status = status;
  }
}

/** The rest of a refused body of up to this many bytes is still read, so that the connection can stay open. */
const LARGEST_DRAINED = 64 * 1024;

/** Counts the bytes of one body while it is read. */
interface Held {
  add(bytes: number): void;
  end(): void;
}

/** A limit for all bodies together of senders that are not verified yet. */
export interface BodyBudget {
  /** Calls `drop` when the limit is reached and this body is the largest. */
  hold(drop: () => void): Held;
}

export function createBodyBudget(mostBytes: number): BodyBudget {
  const bodies = new Map<() => void, number>();
  let total = 0;

  return {
    hold(drop) {
      bodies.set(drop, 0);
      return {
        add(bytes) {
          const held = bodies.get(drop);
          if (held === undefined) return;
          bodies.set(drop, held + bytes);
          total += bytes;
          while (total > mostBytes) dropLargest();
        },
        end: () => remove(drop),
      };
    },
  };

  /** The largest and not the oldest: events are small, so they survive a flood of large bodies. */
  function dropLargest(): void {
    const [largest] = [...bodies].sort(([, one], [, other]) => other - one);
    if (largest === undefined) return;
    const [drop] = largest;
    remove(drop);
    drop();
  }

  function remove(drop: () => void): void {
    total -= bodies.get(drop) ?? 0;
    bodies.delete(drop);
  }
}

/**
 * The whole body as it came, up to `mostBytes`; rejects with a BodyError. With a `budget` it is dropped
 * for others, with a 503, when it is the largest of them and there is no room.
 */
export function readBody(request: IncomingMessage, mostBytes: number, budget?: BodyBudget): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (Number(request.headers["content-length"]) > mostBytes) return reject(tooLarge(mostBytes));

    let chunks: Buffer[] = [];
    let bytes = 0;
    let isGivenUp = false;
    const giveUp = (error: BodyError) => {
      isGivenUp = true;
      chunks = [];
      held?.end();
      reject(error);
    };
    const held = budget?.hold(() => giveUp(new BodyError("too many bodies are being read; send it again", 503)));
    request.on("data", (chunk: Buffer) => {
      if (isGivenUp) return;
      bytes += chunk.length;
      if (bytes > mostBytes) return giveUp(tooLarge(mostBytes));
      chunks.push(chunk);
      held?.add(chunk.length);
    });
    request.on("end", () => {
      if (isGivenUp) return;
      held?.end();
      resolve(Buffer.concat(chunks));
    });
    // A sender that closes the connection early gets no answer.
    const cutShort = () => {
      if (!request.complete && !isGivenUp) giveUp(new BodyError("the body did not come to its end", 400));
    };
    request.on("close", cutShort);
    request.on("error", cutShort);
  });
}

/** Whether the rest of a refused request is short enough to keep its connection. */
export function isSoonRead({ complete, headers }: IncomingMessage): boolean {
  if (complete) return true;
  const hasBody = headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined;
  return !hasBody || Number(headers["content-length"]) <= LARGEST_DRAINED;
}

function tooLarge(mostBytes: number): BodyError {
  return new BodyError(`the body is larger than ${mostBytes} bytes`, 413);
}
