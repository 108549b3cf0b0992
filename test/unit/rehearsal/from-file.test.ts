import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { testFolder } from "../../support/folder.ts";
import { linesOf, openLines, postHogBody } from "../../support/history.ts";
import { segmentEvent } from "../../support/segment.ts";

const FIXTURES = new URL("../../fixtures/posthog/", import.meta.url);
const at = (minute: number) => new Date(Date.UTC(2026, 2, 2, 9, minute)).toISOString();

describe("a history from a file", () => {
  let folder: ReturnType<typeof testFolder>;
  beforeEach(() => {
    folder = testFolder();
  });
  afterEach(() => folder[Symbol.dispose]());

  it("takes the webhook bodies that PostHog sends", async () => {
    const names = readdirSync(FIXTURES).filter((name) => name.endsWith(".json"));
    const bodies = names.map((name) => JSON.parse(readFileSync(new URL(name, FIXTURES), "utf8")).body);
    const { bad, lines, from, until } = await openLines(folder.path, bodies);
    expect([bad, lines.length]).toEqual([[], bodies.length]);
    expect(lines.map((line) => line.at)).toEqual(lines.map((line) => line.at).sort());
    expect([from, until]).toEqual([Date.parse(lines[0]!.at), Date.parse(lines.at(-1)!.at) + 1]);
  });

  it.each<[string, unknown, unknown]>([
    ["captured_at", postHogBody({ captured_at: at(5) }), at(5)],
    ["the timestamp without a captured_at", postHogBody({ captured_at: null, timestamp: at(1) }), at(1)],
    ["a time without a zone, which is UTC", postHogBody({ timestamp: "2026-03-02 09:07:00" }), at(7)],
    ["a time with an offset", postHogBody({ timestamp: "2026-03-02T10:07:00+01:00" }), at(7)],
    ["Segment's receivedAt", segmentEvent({ receivedAt: at(9) }), at(9)],
    ["Segment's timestamp", segmentEvent({ receivedAt: undefined, timestamp: at(8) }), at(8)],
    ["the time of a line of a history", { at: at(3), source: "sweep", body: postHogBody() }, at(3)],
  ])("arrives at %s", async (_what, line, expected) => {
    expect((await openLines(folder.path, [line])).lines.map((one) => one.at)).toEqual([expected]);
  });

  it("keeps the replies of a history", async () => {
    const reply = {
      at: at(1),
      source: "reply",
      body: { kind: "opt-out", distinct_id: "ada", topic: "all", is_out: true },
    };
    const { lines, events } = await openLines(folder.path, [postHogBody(), reply]);
    expect([lines[1], events]).toEqual([reply, 1]);
  });

  it("sorts by arrival, and lines of one moment stay in their sequence", async () => {
    const minutes = [5, 1, 3, 3, 3, 2, 9, 0];
    const bodies = minutes.map((minute, index) => postHogBody({ uuid: `u${index}`, timestamp: at(minute) }));
    const { lines } = await openLines(folder.path, bodies);
    const uuids = lines.map(({ body }) => (body as { event: { uuid: string } }).event.uuid);
    expect(uuids).toEqual(["u7", "u1", "u5", "u2", "u3", "u4", "u0", "u6"]);
  });

  it("sorts more lines than one write, with characters of several bytes", async () => {
    const count = 3_000;
    const name = "é€😀\u2028".repeat(100);
    const bodies = Array.from({ length: count }, (_, index) =>
      postHogBody({
        uuid: `u${index}`,
        timestamp: new Date(Date.UTC(2026, 2, 2) + ((index * 7) % count) * 1000),
        properties: { name },
      }),
    );
    const { lines } = await openLines(folder.path, bodies);
    expect(lines).toHaveLength(count);
    expect(lines.map((line) => line.at)).toEqual(lines.map((line) => line.at).sort());
    expect(lines[17]?.body).toMatchObject({ event: { properties: { name } } });
  });

  it("reads a compressed file, also with a byte order mark, with line ends of Windows and without a last line end", async () => {
    const text = `\uFEFF${JSON.stringify(postHogBody())}\r\n\r\n${JSON.stringify(postHogBody({ uuid: "u2" }))}`;
    const { lines, bad } = await openLines(folder.path, gzipSync(text));
    expect([lines.length, bad]).toEqual([2, []]);
  });

  it("counts the lines that it cannot read, with the first of each reason and nothing of their content", async () => {
    const secret = "ada@example.com";
    const { bad, lines } = await openLines(folder.path, [
      `{"event": "${secret}`,
      postHogBody(),
      "[]",
      { some: secret },
      `"${secret}`,
      postHogBody({ timestamp: secret }),
      postHogBody({ distinct_id: "" }),
      { at: secret, source: "posthog", body: {} },
      segmentEvent({ userId: "", anonymousId: "" }),
      segmentEvent({ type: "delete" }),
    ]);
    expect(lines).toHaveLength(1);
    expect(bad).toEqual([
      { reason: "not JSON", count: 2, firstLine: 1 },
      { reason: "not an object", count: 1, firstLine: 3 },
      { reason: "neither a webhook body of PostHog or Segment nor a line of a history", count: 1, firstLine: 4 },
      { reason: "without a time", count: 1, firstLine: 6 },
      { reason: expect.stringContaining("event.distinct_id"), count: 1, firstLine: 7 },
      { reason: "not a line of a history", count: 1, firstLine: 8 },
      { reason: expect.stringContaining("userId"), count: 1, firstLine: 9 },
      { reason: expect.stringContaining("a delete call"), count: 1, firstLine: 10 },
    ]);
    expect(JSON.stringify(bad)).not.toContain(secret);
  });

  it.each([
    ["no line", [], /has no event$/],
    ["only bad lines", ["x", "y"], /has no event: line 1 is not JSON$/],
    ["no line of the period", [postHogBody()], "the history has no event"],
  ])("refuses a file with %s, and leaves nothing half done", async (_what, lines, message) => {
    await expect(openLines(folder.path, lines, { since: Date.parse(at(30)) })).rejects.toThrow(message);
    expect(readdirSync(join(folder.path, "rehearsal")).filter((name) => name.includes("part"))).toEqual([]);
  });

  it("is only for the owner's eyes", async () => {
    const { file } = await openLines(folder.path, [postHogBody()]);
    expect([statSync(join(folder.path, "rehearsal")).mode & 0o777, statSync(file).mode & 0o777]).toEqual([
      0o700, 0o600,
    ]);
    expect(linesOf(file)).toHaveLength(1);
  });
});
