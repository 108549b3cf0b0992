/** An answer as it came over the wire. */
export interface WireAnswer {
  status: number;
  head: string;
  body: string;
  /** Whether the connection takes another request. */
  isKept: boolean;
}

const HEAD_END = "\r\n\r\n";
const LAST_CHUNK = "\r\n0\r\n\r\n";

/** Takes in what comes, and answers once it is whole; `hasBody` is false for what answers a HEAD. */
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

/** "100 Continue" comes before the answer, perhaps together with it. */
function withoutInterim(text: string): string {
  return text.replace(/^(?:HTTP\/1\.1 1\d\d .*?\r\n\r\n)+/s, "");
}

export function statusOf(head: string): number {
  return Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? 0);
}

/** Null as long as it is not whole. */
function bodyOf(head: string, rest: string, hasBody: boolean): string | null {
  if (!hasBody) return "";
  const length = /^content-length: (\d+)/im.exec(head)?.[1];
  if (length !== undefined) return rest.length >= Number(length) ? rest : null;
  // The chunks' lengths stay in the text; nobody looks at them.
  return rest.endsWith(LAST_CHUNK) || rest === LAST_CHUNK.slice(2) ? rest : null;
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, "latin1").toString("utf8");
}
