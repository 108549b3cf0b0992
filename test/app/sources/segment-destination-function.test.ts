import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  DESTINATION_FUNCTION,
  type DestinationFunction,
  type HandlerName,
  loadDestinationFunction,
} from "../../support/destination-function.ts";
import { testFolder } from "../../support/folder.ts";
import { freePort } from "../../support/free-port.ts";
import { eventually } from "../../support/sandbox.ts";

const SECRET = "a secret of the bridge";
const TRACK = {
  type: "track",
  messageId: "ajs-next-1",
  userId: "97980cfea0067",
  event: "User Registered",
  properties: { plan: "Pro Annual" },
  context: { traits: { email: "peter@example.com" } },
  timestamp: "2026-03-02T09:00:00.000Z",
};
/** Texts that must be in no error, for any answer of the bridge or another server. */
const UNTELLABLE = [SECRET, "97980cfea0067", "peter@example.com"];
const HANDLERS: HandlerName[] = ["onIdentify", "onTrack", "onPage", "onScreen", "onGroup", "onAlias"];
/** Segment's own. */
const LIMIT_MS = 5_000;

interface Received {
  path: string | undefined;
  headers: IncomingHttpHeaders;
  body: unknown;
}
type Answer = number | "hang up" | "hang";

let received: Received[];
let answerTo: (body: unknown) => Answer;
let settings: { endpoint: string; secret: string };
let close: () => Promise<void>;
/** Fires the timers that were set; how long they were to take. */
let timers: Array<{ run: () => void; ms: number }>;
let segment: DestinationFunction;

beforeEach(async () => {
  received = [];
  timers = [];
  answerTo = () => 202;
  const server = createServer(async (request, response) => {
    const body: unknown = JSON.parse(await text(request));
    received.push({ path: request.url, headers: request.headers, body });
    answer(response, answerTo(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  settings = { endpoint: `http://127.0.0.1:${port}/webhooks/segment`, secret: SECRET };
  close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  segment = loadDestinationFunction({ fetch, setTimeout: (run, ms) => timers.push({ run, ms }) });
});
afterEach(() => close());

/** With a body that quotes what it was sent, as error pages do. */
function answer(response: ServerResponse, what: Answer): void {
  if (what === "hang") return;
  if (what === "hang up") {
    response.destroy();
    return;
  }
  const headers = what >= 300 && what < 400 ? { location: "/login" } : {};
  response.writeHead(what, headers).end(JSON.stringify({ error: UNTELLABLE }));
}

const tracks = (count: number) => Array.from({ length: count }, (_, index) => ({ ...TRACK, messageId: `m-${index}` }));

/** The error that was thrown. It must contain no secret. */
async function errorOf(promise: Promise<unknown>): Promise<Error> {
  const error = await promise.then(
    () => new Error("nothing was thrown"),
    (thrown: Error) => thrown,
  );
  for (const word of UNTELLABLE) expect(error.message).not.toContain(word);
  return error;
}

describe("one event", () => {
  it.each(HANDLERS)("of %s goes on as it is, with the proof", async (handler) => {
    const event = { ...TRACK, type: handler.slice(2).toLowerCase() };
    await segment[handler](event, settings);
    expect(received).toEqual([
      {
        path: "/webhooks/segment",
        headers: expect.objectContaining({ authorization: `Bearer ${SECRET}`, "content-type": "application/json" }),
        body: event,
      },
    ]);
  });

  it.each([408, 429, 500, 502, 503, 504])("that is answered %i is sent again", async (status) => {
    answerTo = () => status;
    const error = await errorOf(segment.onTrack(TRACK, settings));
    expect(error).toBeInstanceOf(segment.RetryError);
    expect(error.message).toBe(`the bridge answered ${status}`);
  });

  it.each([
    [401, /`secret` one of the bridge's SEGMENT_SECRETS/],
    [404, /`endpoint` end in \/webhooks\/segment/],
    [413, /larger than the bridge/],
    [400, /`endpoint` lead to the bridge/],
    [403, /`endpoint` lead to the bridge/],
    // A server that is not the bridge has not ingested the event, even if it answers 200.
    [200, /`endpoint` lead to the bridge/],
    [302, /without a redirect/],
    [307, /without a redirect/],
  ])("that is answered %i is not, and says what to do", async (status, way) => {
    answerTo = () => status;
    const error = await errorOf(segment.onTrack(TRACK, settings));
    expect([error.name, error.message]).toEqual(["Error", expect.stringMatching(way)]);
    expect(error.message).toContain(`${status}`);
    // A redirect would take the secret elsewhere.
    expect(received).toHaveLength(1);
  });

  it("is sent again when the bridge hangs up, or is not there", async () => {
    answerTo = () => "hang up";
    expect(await errorOf(segment.onTrack(TRACK, settings))).toBeInstanceOf(segment.RetryError);
    const elsewhere = { ...settings, endpoint: `http://127.0.0.1:${await freePort()}/webhooks/segment` };
    expect(await errorOf(segment.onTrack(TRACK, elsewhere))).toBeInstanceOf(segment.RetryError);
  });

  it("is sent again when the bridge does not answer, in time for Segment", async () => {
    answerTo = () => "hang";
    const tried = errorOf(segment.onTrack(TRACK, settings));
    await eventually(() => received.length === 1);
    expect(timers).toEqual([{ run: expect.any(Function), ms: expect.any(Number) }]);
    expect(timers[0]!.ms).toBeLessThan(LIMIT_MS);
    expect(timers[0]!.ms).toBeGreaterThan(LIMIT_MS / 2);
    timers[0]!.run();
    const error = await tried;
    expect(error).toBeInstanceOf(segment.RetryError);
    expect(error.message).toBe("the bridge did not answer in time");
  });

  it.each([
    ["endpoint", { secret: SECRET }],
    ["endpoint", { endpoint: " ", secret: SECRET }],
    ["endpoint", { endpoint: "bridge.acme.example/webhooks/segment", secret: SECRET }],
    ["secret", { endpoint: "http://127.0.0.1:9/webhooks/segment" }],
  ])("without the setting %s goes nowhere, and says so", async (name, incomplete) => {
    for (const tried of [segment.onTrack(TRACK, incomplete), segment.onBatch([TRACK], incomplete)]) {
      const error = await errorOf(tried);
      expect([error.name, error.message]).toEqual([
        "Error",
        expect.stringContaining(`the setting \`${name}\` is missing`),
      ]);
    }
  });

  it("that would delete a person is refused with the way to do it, and sent nowhere", async () => {
    const error = await errorOf(segment.onDelete({ type: "delete", userId: "97980cfea0067" }, settings));
    expect(error).toBeInstanceOf(segment.EventNotSupported);
    expect(error.message).toContain("npm run person -- delete");
    expect(received).toEqual([]);
  });
});

describe("a batch", () => {
  it("goes on as an array, in pieces of at most 500, and each once", async () => {
    const events = tracks(1_100);
    expect(await segment.onBatch(events, settings)).toEqual(events.map(() => ({ status: 200 })));
    const pieces = received.map(({ body }) => body as Array<{ messageId: string }>);
    for (const piece of pieces) expect(piece.length).toBeLessThanOrEqual(500);
    const ids = (of: Array<{ messageId: string }>) => of.map(({ messageId }) => messageId).sort();
    expect(ids(pieces.flat())).toEqual(ids(events));
    expect(received.map(({ headers }) => headers.authorization)).toEqual(pieces.map(() => `Bearer ${SECRET}`));

    expect([await segment.onBatch([], settings), received.length]).toEqual([[], pieces.length]);
  });

  it.each<[string, Answer]>([
    ["is answered 503", 503],
    ["is answered 429", 429],
    ["is hung up on", "hang up"],
    ["is not answered", "hang"],
  ])("is sent again only by the piece that %s", async (_, answer) => {
    const events = tracks(600);
    const isFirst = (body: unknown) => JSON.stringify(body).includes('"m-0"');
    answerTo = (body) => (isFirst(body) ? answer : 202);
    const tried = segment.onBatch(events, settings);
    await eventually(() => received.length === 2);
    // The first piece's; the other one may still be on its way.
    if (answer === "hang") timers[0]!.run();
    const outcomes = await tried;
    const again = outcomes.flatMap(({ status }, index) => (status === 500 ? [events[index]] : []));
    expect(again).toEqual(received.find(({ body }) => isFirst(body))?.body);
    expect(outcomes.filter(({ status }) => status === 200)).toHaveLength(600 - again.length);
    for (const { errormessage = "" } of outcomes)
      for (const word of UNTELLABLE) expect(errormessage).not.toContain(word);
  });

  it("that is too large goes on in smaller pieces, but for the event that is too large itself", async () => {
    answerTo = (body) => (JSON.stringify(body).includes('"m-5"') || (body as object[]).length > 8 ? 413 : 202);
    const outcomes = await segment.onBatch(tracks(20), settings);
    const refused = outcomes.flatMap(({ status, errormessage }, index) =>
      status === 200 ? [] : [[index, status, errormessage]],
    );
    expect(refused).toEqual([[5, 400, expect.stringContaining("larger than the bridge")]]);
  });

  it("fails as a whole where all of it is to come again, or none of it ever", async () => {
    answerTo = (body) => (JSON.stringify(body).includes('"m-0"') ? 503 : 429);
    expect(await errorOf(segment.onBatch(tracks(600), settings))).toBeInstanceOf(segment.RetryError);
    answerTo = () => 401;
    const error = await errorOf(segment.onBatch(tracks(600), settings));
    expect([error.name, error.message]).toEqual(["Error", expect.stringContaining("`secret`")]);
  });

  it("reports each deletion of a person as not done, and accepts the others", async () => {
    const batch = [TRACK, { type: "delete", userId: "97980cfea0067" }];
    expect(await segment.onBatch(batch, settings)).toEqual([
      { status: 200 },
      { status: 400, errormessage: expect.stringContaining("npm run person -- delete") },
    ]);
    answerTo = () => 503;
    expect((await segment.onBatch(batch, settings)).map(({ status }) => status)).toEqual([500, 400]);
    expect(received.map(({ body }) => body)).toEqual([[TRACK], [TRACK]]);
    expect(await errorOf(segment.onBatch(batch.slice(1), settings))).toBeInstanceOf(segment.EventNotSupported);
  });
});

describe("the file", () => {
  const source = readFileSync(DESTINATION_FUNCTION, "utf8");

  it("is no module, and its head names both settings", () => {
    expect(source).not.toMatch(/^\s*(import|export)\b|\brequire\(|\bmodule\./m);
    const head = source.slice(0, source.indexOf("\nconst "));
    for (const name of ["endpoint", "secret", "/webhooks/segment", "SEGMENT_SECRETS"]) expect(head).toContain(name);
  });

  it("has the syntax of ES2020, its library, and Segment's globals only", { tags: ["long"] }, async () => {
    expect(await complaintsAbout(source)).toEqual([]);
    expect(await complaintsAbout(`${source}\nlet a = null;\na ??= 1;`)).toEqual(["newer syntax"]);
    expect(await complaintsAbout(`${source}\n"a".replaceAll("a", "b");`)).toContainEqual(
      expect.stringMatching("replaceAll"),
    );
    expect(await complaintsAbout(`${source}\nAbortSignal.timeout(1);`)).toContainEqual(
      expect.stringMatching("AbortSignal"),
    );
  });
});

const TSC = fileURLToPath(new URL("../../../node_modules/typescript/bin/tsc", import.meta.url));
/** As far as it is to be used: Segment's fetch is node-fetch 2. */
const GLOBALS = `
declare function fetch(url: string, init: { method: string; headers: Record<string, string>; body: string; redirect: string }):
  Promise<{ status: number; text(): Promise<string> }>;
declare function setTimeout(run: () => void, ms: number): unknown;
declare function clearTimeout(timer: unknown): void;
declare class RetryError extends Error {}
declare class EventNotSupported extends Error {}
`;

/** The APIs that are newer than ES2020. The compiler rewrites newer syntax, but not calls. */
async function complaintsAbout(script: string): Promise<string[]> {
  using folder = testFolder();
  writeFileSync(join(folder.path, "function.js"), script);
  writeFileSync(join(folder.path, "globals.d.ts"), GLOBALS);
  const compile = async (target: string, ...options: string[]) => {
    const args = ["--ignoreConfig", "--allowJs", "--target", target, "--outDir", target, "--types", "", ...options];
    const { stdout } = await promisify(execFile)(process.execPath, [TSC, ...args, "function.js", "globals.d.ts"], {
      cwd: folder.path,
    }).catch((error: { stdout: string }) => error);
    return { complaints: stdout.split("\n").filter((line) => line.includes("error TS")), file: readOut(target) };
  };
  const readOut = (target: string) => readFileSync(join(folder.path, target, "function.js"), "utf8");
  const old = await compile("es2020", "--lib", "es2020", "--checkJs", "--strict", "false");
  const latest = await compile("esnext");
  return [...old.complaints, ...(old.file === latest.file ? [] : ["newer syntax"])];
}
