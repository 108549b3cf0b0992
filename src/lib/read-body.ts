import type { IncomingMessage } from "node:http";

/** The body cannot be taken; `status` says why in HTTP's words. */
export class BodyError extends Error {
  override readonly name = "BodyError";
  readonly status: 400 | 413;

  constructor(message: string, status: 400 | 413) {
    super(message);
    this.status = status;
  }
}

/** The whole body as it came, up to `mostBytes`; rejects with a BodyError. */
export function readBody(request: IncomingMessage, mostBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const tooLarge = () => reject(new BodyError(`the body is larger than ${mostBytes} bytes`, 413));
    if (Number(request.headers["content-length"]) > mostBytes) return tooLarge();

    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= mostBytes) chunks.push(chunk);
      else tooLarge();
    });
    request.on("end", () => resolve(Buffer.concat(chunks)));
    // Who hangs up in the middle hears no answer.
    const cutShort = () => {
      if (!request.complete) reject(new BodyError("the body did not come to its end", 400));
    };
    request.on("close", cutShort);
    request.on("error", cutShort);
  });
}
