import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Sent } from "./good-events.ts";
import { statusOf } from "./http-answer.ts";

const CLOSE_WITHIN_MS = 10_000;

/**
 * Sends requests with short answers, each on a free connection, and measures the time from the write to the first byte.
 */
export function openTimedSender(port: number) {
  const idle: Socket[] = [];
  const inProgress = new Set<Promise<void>>();
  const tookMs: number[] = [];
  const answers: Record<string, number> = {};
  const accepted: Sent["accepted"] = [];

  return {
    send(event: { transactionId: string; bytes: Buffer }) {
      const sending = exchange(event).finally(() => inProgress.delete(sending));
      inProgress.add(sending);
    },

    async close(): Promise<Omit<Sent, "ownDelayP99Ms">> {
      await Promise.race([Promise.all(inProgress), sleep(CLOSE_WITHIN_MS)]);
      if (inProgress.size > 0) answers["no answer"] = (answers["no answer"] ?? 0) + inProgress.size;
      for (const socket of idle) socket.destroy();
      tookMs.sort((one, other) => one - other);
      return { accepted, answers, p50Ms: percentile(tookMs, 0.5), p99Ms: percentile(tookMs, 0.99) };
    },
  };

  async function exchange({ transactionId, bytes }: { transactionId: string; bytes: Buffer }): Promise<void> {
    const at = Date.now();
    const reused = takeIdle();
    // The app may close an idle connection at the moment of our write.
    const status = (reused && (await ask(reused, bytes))) || (await ask(open(), bytes)) || "cut off";
    answers[status] = (answers[status] ?? 0) + 1;
    if (status === 202) accepted.push([transactionId, at]);
  }

  function takeIdle(): Socket | null {
    const socket = idle.pop();
    return socket === undefined || (!socket.destroyed && socket.writable) ? (socket ?? null) : takeIdle();
  }

  function open(): Socket {
    return connect({ port, host: "127.0.0.1", noDelay: true }).on("error", () => {});
  }

  /** 0 when the connection ends without an answer. */
  function ask(socket: Socket, bytes: Buffer): Promise<number> {
    return new Promise((resolve) => {
      const startedAt = process.hrtime.bigint();
      const onClose = () => resolve(0);
      socket.once("close", onClose).write(bytes);
      socket.once("data", (chunk: Buffer) => {
        tookMs.push(Number(process.hrtime.bigint() - startedAt) / 1e6);
        socket.off("close", onClose);
        idle.push(socket);
        resolve(statusOf(chunk.toString("latin1")));
      });
    });
  }
}

function percentile(sorted: number[], part: number): number {
  return Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0) * 10) / 10;
}
