import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { DEV_DATA } from "../../../src/sandbox/dev/dev-options.ts";
import { commandFor } from "../../../src/sandbox/dev/dev-order.ts";

describe("the form of a command for the sandbox", () => {
  it.each<[string, Record<string, string>, string]>([
    [DEV_DATA, { PATH: "/bin" }, "npm run"],
    [resolve(DEV_DATA), {}, "npm run"],
    [DEV_DATA, { NOVU_PLAN: "pro" }, "ENV_FILE=.data/dev/.env npm run"],
    [DEV_DATA, { ENV_FILE: "" }, "ENV_FILE=.data/dev/.env npm run"],
    ["other", {}, "ENV_FILE=other/.env npm run"],
    ["/tmp/other", {}, "ENV_FILE=/tmp/other/.env npm run"],
  ])("%s beside %j: %s", (dataDir, env, command) => {
    expect(commandFor(dataDir, env)).toBe(command);
  });
});
