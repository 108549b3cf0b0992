import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DAY_MS } from "../../src/lib/durations.ts";
import type { HistoryLine } from "../../src/rehearsal/history.ts";
import { openHistory } from "../../src/rehearsal/inputs/open-history.ts";
import type { InputContext } from "../../src/rehearsal/inputs/order.ts";
import { testProduct } from "./product/product.ts";

/** The body of PostHog's webhook for Ada's sign-up, with the changes of a test. */
export function postHogBody({
  person = { id: "p", properties: {} },
  ...event
}: Record<string, unknown> = {}): Record<string, unknown> {
  const facts = { uuid: "u1", event: "user_signed_up", distinct_id: "ada", timestamp: "2026-03-02T09:00:00.000Z" };
  return { event: { ...facts, properties: {}, ...event }, person };
}

/** Opens a history from these lines of a file, with the tests' product. Objects become JSON. */
export async function openLines(
  folder: string,
  lines: unknown[] | Buffer,
  order: Omit<Parameters<typeof openHistory>[0], "from"> = {},
  context: Partial<InputContext> = {},
) {
  const file = join(folder, "events.jsonl");
  const text = Buffer.isBuffer(lines)
    ? lines
    : lines.map((line) => `${typeof line === "string" ? line : JSON.stringify(line)}\n`).join("");
  writeFileSync(file, text);
  return openFrom(file, folder, order, context);
}

/** Opens a history from a source or a file, with the tests' product. */
export async function openFrom(
  from: string,
  folder: string,
  order: Omit<Parameters<typeof openHistory>[0], "from"> = {},
  context: Partial<InputContext> = {},
) {
  const opened = await openHistory(
    { from, plain: true, ...order },
    {
      config: {
        dataDir: folder,
        databaseUrl: undefined,
        databaseDirectUrl: undefined,
        retentionMs: 90 * DAY_MS,
        internalUsers: [],
        posthog: null,
      },
      product: testProduct,
      signal: new AbortController().signal,
      ...context,
    },
  );
  return { ...opened, lines: linesOf(opened.file) };
}

export function linesOf(file: string): HistoryLine[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}
