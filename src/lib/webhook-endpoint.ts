import type { IncomingMessage, ServerResponse } from "node:http";
import { atEndOfTurn } from "./end-of-turn.ts";
import { describeError } from "./errors.ts";
import type { Log } from "./log.ts";
import type { VerifyRequest } from "./verify-webhook.ts";

/** An event of PostHog has up to 1 MB, and its person up to 512 KB. PostHog never retries after a 413. */
const LARGEST_BODY = 2 * 1024 * 1024;
const RETRY_AFTER_SECONDS = 5;

/** The JSON of an answer. */
type AnswerBody = Record<string, string | number | string[] | Record<string, number>>;

interface Answer {
  status: number;
  body: AnswerBody;
  headers?: Record<string, string>;
}

const RETRY_LATER = { headers: { "retry-after": String(RETRY_AFTER_SECONDS) } };
const UNAVAILABLE: Answer = {
  status: 503,
  ...RETRY_LATER,
  body: { error: "cannot store events now; send it again" },
};

export interface WebhookEndpoint {
  verify: VerifyRequest;
  /** The limit for bodies that have to be read before the sender is verified. */
  budget: BodyBudget;
  count(status: number): void;
  isStopping(): boolean;
  log: Log;
}

export type WebhookHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/**
 * Receives signed webhooks. It answers 202 when `handle` has stored the body or found no effects, 401 or 413 for an
 * error of the sender, and 503 with Retry-After only for our own errors. The sender logs the answers, so they contain
 * nothing personal or secret. It uses plain node:http, because most load is here and Express would cost several times
 * as much as all other work.
 */
export function webhookEndpoint({
  component,
  verify,
  budget,
  handle,
  largestBody = LARGEST_BODY,
  success = 202,
  count,
  isStopping,
  log,
}: WebhookEndpoint & {
  /** The folder whose endpoint this is, for the log. */
  component: string;
  handle(body: string): Promise<AnswerBody>;
  /** The largest body in bytes; 2 MB when absent. Above 2 MB it is only for senders that the headers verify. */
  largestBody?: number | undefined;
  /** The status of the answer of `handle`; 202 when absent. */
  success?: 200 | 202 | undefined;
}): WebhookHandler {
  return async (request, response) => {
    const { status, headers, body } = await answerTo(request);
    count(status);
    const text = JSON.stringify(body);
    const connection = isSoonRead(request) ? {} : { connection: "close" };
    response
      .writeHead(status, {
        ...headers,
        ...connection,
        "content-type": "application/json; charset=utf-8",
        "content-length": Buffer.byteLength(text),
      })
      .end(text);
    request.resume();
  };

  async function answerTo(request: IncomingMessage): Promise<Answer> {
    try {
      const verified = verify(request.headers);
      if ("why" in verified) return refused(401, verified.why);
      const isVerified = "valid" in verified;
      const bytes = isVerified
        ? await readBody(request, largestBody)
        : await readBody(request, Math.min(largestBody, LARGEST_BODY), budget);
      const ofBody = isVerified ? verified : verified(bytes);
      if (!ofBody.valid) return refused(401, ofBody.why);
      if (isStopping()) return UNAVAILABLE;
      return { status: success, body: await handle(bytes.toString("utf8")) };
    } catch (error) {
      if (error instanceof BodyError)
        return { ...refused(error.status, error.message), ...(error.status === 503 && RETRY_LATER) };
      log.error({ component, answer: 503, error: describeError(error) });
      return UNAVAILABLE;
    }
  }

  function refused(status: number, why: string): Answer {
    log.warn({ component, answer: status, reason: why });
    return { status, body: { error: why } };
  }
}

/** The body cannot be read; `status` is the answer to its sender. */
export class BodyError extends Error {
  override readonly name = "BodyError";
  readonly status: 400 | 413 | 503;

  constructor(message: string, status: 400 | 413 | 503) {
    super(message);
    this.status = status;
  }
}

/** A refused body of up to this many bytes is still read to its end, so that the connection can stay open. */
const LARGEST_DRAINED = 64 * 1024;

export type BodyBudget = ReturnType<typeof createBodyBudget>;

/** A common limit for the bodies of all senders that are not verified yet. */
export function createBodyBudget(mostBytes: number) {
  const bodies = new Map<() => void, number>();
  let total = 0;

  return {
    /** Counts the bytes of one body. Calls `drop` when the limit is reached and this body is the largest. */
    hold(drop: () => void) {
      bodies.set(drop, 0);
      return {
        add(bytes: number) {
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

  /** Drops the largest body and not the oldest, so that many large bodies do not drop events, which are small. */
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
 * The bytes of the whole body, up to `mostBytes`; rejects with a BodyError. If all bodies together exceed the `budget`,
 * the largest body is dropped with a 503.
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
      atEndOfTurn(() => resolve(Buffer.concat(chunks)));
    });
    // A sender that closes the connection early gets no answer.
    const cutShort = () => {
      if (!request.complete && !isGivenUp) giveUp(new BodyError("the body is not complete", 400));
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
