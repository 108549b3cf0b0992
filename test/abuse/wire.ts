export interface Message {
  method: string;
  target: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
  /** Whether the body is sent in chunks, without a length. */
  isChunked?: boolean;
}

const CHUNK_BYTES = 16 * 1024;

/** The bytes of a request, with its headers unchanged. */
export function bytesOf({ method, target, headers = {}, body, isChunked = false }: Message): Buffer {
  const content = body === undefined ? null : Buffer.from(body);
  const framing: Record<string, string> =
    content === null ? {} : isChunked ? { "transfer-encoding": "chunked" } : { "content-length": `${content.length}` };
  const lines = Object.entries({ host: "127.0.0.1", ...headers, ...framing }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  const head = Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`, "latin1");
  if (content === null) return head;
  return Buffer.concat(isChunked ? [head, ...chunksOf(content)] : [head, content]);
}

function chunksOf(content: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < content.length; at += CHUNK_BYTES) {
    const part = content.subarray(at, at + CHUNK_BYTES);
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from("\r\n"));
  }
  return [...parts, Buffer.from("0\r\n\r\n")];
}
