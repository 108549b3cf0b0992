import { connect, type Socket } from "node:net";
import { answerReader, statusOf } from "./http-answer.ts";

/** A request as bytes. */
export interface Wire {
  bytes: Buffer;
  /** Whether the answer has a body; false for HEAD. */
  hasBody?: boolean;
  /** Hangs up after this number of bytes. */
  hangUpAfter?: number;
  /** The bytes may be no request: they get a connection of their own, which ends after them. */
  alone?: boolean;
}

export interface Exchange {
  /** "hung up": by us. "cut off": the app closed the connection without an answer. */
  outcome: number | "hung up" | "cut off" | "no answer";
  head: string;
  body: string;
  /** The number of sent bytes. */
  sent: number;
}

export interface RawClient {
  exchange(wire: Wire): Promise<Exchange>;
  close(): void;
}

const ANSWER_WITHIN_MS = 10_000;

/** One connection for one request after another, opened again when the app has closed it. */
export function rawClient(port: number): RawClient {
  let socket: Socket | null = null;

  return {
    async exchange(wire) {
      if (wire.alone || wire.hangUpAfter !== undefined) return exchangeOn(open(port), wire, () => {});
      const isReused = socket !== null;
      const first = await exchangeOn(take(), wire, drop);
      // The app may close an idle connection at the moment of our write.
      return first.outcome === "cut off" && isReused ? exchangeOn(take(), wire, drop) : first;
    },
    close: () => socket?.destroy(),
  };

  function take(): Socket {
    if (socket === null || socket.destroyed || !socket.writable) {
      const opened = open(port).on("close", () => drop(opened));
      socket = opened;
    }
    return socket;
  }

  function drop(closed: Socket): void {
    closed.destroy();
    if (socket === closed) socket = null;
  }
}

function open(port: number): Socket {
  return connect({ port, host: "127.0.0.1", noDelay: true }).on("error", () => {});
}

function exchangeOn(socket: Socket, wire: Wire, drop: (socket: Socket) => void): Promise<Exchange> {
  const { bytes, hasBody = true, hangUpAfter, alone = false } = wire;
  const before = socket.bytesWritten;
  const read = answerReader(hasBody);
  let all = "";

  return new Promise((resolve) => {
    const timer = setTimeout(() => end("no answer"), ANSWER_WITHIN_MS);
    socket.on("data", onData).on("close", onClose);
    if (hangUpAfter !== undefined) socket.write(bytes.subarray(0, hangUpAfter), () => end("hung up"));
    else if (alone) socket.end(bytes);
    else socket.write(bytes);

    function onData(chunk: Buffer): void {
      if (alone || hangUpAfter !== undefined) {
        all += chunk.toString("latin1");
        return;
      }
      const answer = read(chunk);
      if (answer === null) return;
      const isWhole = socket.writableLength === 0;
      end(answer.status, answer.head, answer.body);
      if (!answer.isKept || !isWhole) drop(socket);
    }

    function onClose(): void {
      end(statusOf(all) || "cut off", all, all);
    }

    function end(outcome: Exchange["outcome"], head = "", body = ""): void {
      clearTimeout(timer);
      socket.off("data", onData).off("close", onClose);
      if (typeof outcome !== "number" || alone || hangUpAfter !== undefined) drop(socket);
      if (alone || hangUpAfter !== undefined) socket.destroy();
      resolve({ outcome, head, body, sent: socket.bytesWritten - before - socket.writableLength });
    }
  });
}
