import type { Dice } from "./dice.ts";
import { plantedEmail } from "./planted.ts";
import { bytesOf } from "./wire.ts";

const TARGETS = [
  "//host:99999/",
  "//",
  "*",
  "http://127.0.0.1:1/studio",
  "http://user:pass@[::1]:99999/api/novu",
  "https://",
  "/\\x",
  "/%00",
  "/%",
  "?",
  "/#a",
  "/studio//x",
  "//studio/login",
  "/\u00ff",
  `/${"a".repeat(20_000)}`,
];
const METHODS = ["GET", "POST", "OPTIONS", "CONNECT", "TRACE", "BREW", "get"];
const HEADS = [
  "GET / HTTP/1.1\r\n\r\n",
  "GET / HTTP/9.9\r\nhost: a\r\n\r\n",
  "GET /healthz\r\n\r\n",
  "POST /webhooks/posthog HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n",
  "POST /webhooks/posthog HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nabcdef",
  "POST /webhooks/segment HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
  "POST /webhooks/novu HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nfffffffff\r\na",
  "POST /api/novu HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked, identity\r\n\r\n1\r\na\r\n0\r\n\r\n",
  "GET / HTTP/1.1\r\nhost: a\r\n folded: b\r\n\r\n",
  "GET / HTTP/1.1\nhost: a\n\n",
  "GET / HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  `GET / HTTP/1.1\r\nhost: a\r\n${"x-a: b\r\n".repeat(3_000)}\r\n`,
];

/** Bytes that are no request, or an unusual one. */
export function rawBytes(dice: Dice, number: number): Buffer {
  const kind = dice.int(4);
  if (kind === 0) return Buffer.from(dice.pick(HEADS), "latin1");
  if (kind === 1) return Buffer.from(Array.from({ length: 1 + dice.int(400) }, () => dice.int(256)));
  const headers = { "x-for": plantedEmail(number) };
  const request = bytesOf({ method: dice.pick(METHODS), target: dice.pick(TARGETS), headers });
  if (kind === 2) return request;
  const at = dice.int(request.length);
  return Buffer.concat([request.subarray(0, at), Buffer.from([dice.int(256)]), request.subarray(at + 1)]);
}
