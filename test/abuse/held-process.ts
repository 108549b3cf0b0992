import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { answerAsks } from "./answer-asks.ts";
import type { HeldAsk, Holding } from "./held.ts";
import { HOLDS } from "./held-list.ts";
import { statusOf } from "./http-answer.ts";

const TRICKLE_MS = 1_000;
const LOOK_EVERY_MS = 50;
const PIECE_BYTES = 64 * 1024;
const BYTES_PER_SECOND = 100 * 1024 * 1024;
const OPEN_EVERY_MS = 10;

answerAsks<HeldAsk, Holding>(async ({ name, port, withinMs }) => {
  const { connections, first, trickle } = HOLDS.find((hold) => hold.name === name)!;
  const open = new Set<Socket>();
  const answers: Record<string, number> = {};
  const startedAt = performance.now();
  const bodies = new Map<Socket, Buffer[]>();
  let isOpened = false;
  const sending = sendPiecewise(bodies, () => open.size === 0 && isOpened);
  for (let index = 0; index < connections; index += 1) {
    await sleep(OPEN_EVERY_MS);
    const socket = connect({ port, host: "127.0.0.1" });
    open.add(socket);
    let received = "";
    socket.on("data", (chunk: Buffer) => {
      received += chunk.toString("latin1");
    });
    socket
      .on("error", () => {})
      .on("close", () => {
        open.delete(socket);
        const status = statusOf(received) || "cut off";
        answers[status] = (answers[status] ?? 0) + 1;
      });
    bodies.set(socket, first(index));
  }
  isOpened = true;
  const trickling = setInterval(() => {
    for (const socket of open) if (trickle !== undefined && socket.writable) socket.write(trickle);
  }, TRICKLE_MS);
  while (open.size > 0 && performance.now() - startedAt < withinMs) await sleep(LOOK_EVERY_MS);
  clearInterval(trickling);
  bodies.clear();
  await sending;
  const left = open.size;
  const afterMs = Math.round(performance.now() - startedAt);
  for (const socket of open) socket.removeAllListeners("close").destroy();
  return { answers, left, afterMs };
});

/**
 * Each connection sends a piece in turn, no faster than a good line: the test is about held memory, not about copying.
 */
async function sendPiecewise(bodies: Map<Socket, Buffer[]>, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    let bytes = 0;
    for (const [socket, parts] of bodies) {
      const [part, ...rest] = parts;
      if (part === undefined || !socket.writable) {
        bodies.delete(socket);
        continue;
      }
      const piece = part.subarray(0, PIECE_BYTES);
      socket.write(piece);
      bytes += piece.length;
      bodies.set(socket, part.length > PIECE_BYTES ? [part.subarray(PIECE_BYTES), ...rest] : rest);
    }
    await sleep(Math.max(1, (bytes * 1000) / BYTES_PER_SECOND));
  }
}
