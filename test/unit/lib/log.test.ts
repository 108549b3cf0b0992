import { describe, expect, it } from "vitest";
import { createLog, inTurns } from "../../../src/lib/log.ts";

/** The log line of these fields. */
function lineOf(fields: object): Record<string, unknown> {
  const lines: string[] = [];
  createLog({ level: "info", destination: { write: (line) => void lines.push(line) } }).info(fields);
  const { level: _level, time: _time, ...said } = JSON.parse(lines.join("")) as Record<string, unknown>;
  return said;
}

describe("the log", () => {
  it("says what it is given", () => {
    const facts = {
      component: "bridge",
      action: "execute",
      step: "a-day",
      answer: 200,
      ms: 12,
      detail: null,
      roles: ["worker"],
    };
    expect(lineOf(facts)).toEqual(facts);
    expect(lineOf({ error: "npx novu@2.20.1 sync ended with 1; see node_modules/@novu/framework" })).toEqual({
      error: "npx novu@2.20.1 sync ended with 1; see node_modules/@novu/framework",
    });
  });

  it.each([
    ["a header", { authorization: "ApiKey 4d2c" }],
    ["a header of a request", { request: { headers: { Authorization: "Bearer 4d2c", cookie: "studio=4d2c" } } }],
    ["a webhook's header", { headers: { "x-webhook-secret": "4d2c", "Webhook-Signature": "v1,4d2c" } }],
    ["a setting", { config: { novu: { secretKey: "4d2c" }, list: [{ api_key: "4d2c" }] } }],
    ["a person", { to: { email: "4d2c@example.com", phone: "4d2c" } }],
    ["a key in an error", { error: "PostHog answered 401 to phx_4d2c" }],
    ["a key in an error's cause", { error: new Error("401 for whsec_4d2c=, Bearer 4d2c, phc_4d2c") }],
    ["an address in an error", { error: "no such subscriber: <ada.4d2c@mail.example.com>" }],
    ["a password in a URL", { error: "cannot reach postgresql://bridge:4d2c@db:5432/bridge" }],
  ])("does not say %s", (_what, fields) => {
    const said = JSON.stringify(lineOf(fields));
    expect(said).toContain("[redacted]");
    expect(said).not.toContain("4d2c");
  });

  it("does not go round in circles", () => {
    const request: Record<string, unknown> = { path: "/" };
    request.self = request;
    expect(lineOf({ request })).toMatchObject({ request: { path: "/" } });
  });

  it("writes the lines of one turn together, and a warning at once", async () => {
    const writes: string[] = [];
    const log = createLog({ level: "info", destination: inTurns({ write: (text) => void writes.push(text) }) });
    const messages = () => writes.map((text) => [...text.matchAll(/"msg":"(\w+)"/g)].map(([, message]) => message));
    log.info("one");
    log.info("two");
    expect(writes).toEqual([]);
    await new Promise(setImmediate);
    expect(messages()).toEqual([["one", "two"]]);
    log.info("three");
    log.warn("four");
    expect(messages()).toEqual([
      ["one", "two"],
      ["three", "four"],
    ]);
    await new Promise(setImmediate);
    expect(writes).toHaveLength(2);
  });
});
