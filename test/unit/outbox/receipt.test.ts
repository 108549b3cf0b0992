import { expect, it } from "vitest";
import type { NovuActivity, NovuJobRecord } from "../../../src/contracts/novu.ts";
import { errorOf } from "../../../src/novu/novu-calls.ts";
import { createNovuRuns } from "../../../src/outbox/jobs/receipt.ts";

const answered = { messages: [], hasMore: false };

it("asks for no more runs together than an address holds, each once", async () => {
  const asked: string[][] = [];
  const { messagesOf } = asking({
    async messages(ids) {
      asked.push(ids);
      return answered;
    },
  });
  const ids = Array.from({ length: 60 }, (_, index) => `${index}:${"é".repeat(index < 30 ? 1 : 60)}`);
  await Promise.all([...ids, ...ids].map((id) => messagesOf(id)));
  for (const together of asked) {
    expect(together.length).toBeLessThanOrEqual(25);
    expect(
      new URLSearchParams(together.map((id) => ["transactionId", id] as [string, string])).toString().length,
    ).toBeLessThan(4_100);
    expect(new Set(together).size).toBe(together.length);
  }
  expect(new Set(asked.flat())).toEqual(new Set(ids));
});

it("gives each run its own messages, of all pages", async () => {
  const message = (transactionId: string) => ({ transactionId, channel: "email", status: "sent" });
  const pages = [[message("a"), message("b")], [message("a")]];
  const { messagesOf } = asking({
    messages: async (_ids, page) => ({ messages: pages[page] ?? [], hasMore: page === 0 }),
  });
  const [a, b, c] = await Promise.all(["a", "b", "c"].map((id) => messagesOf(id)));
  expect([a, b, c]).toEqual([[message("a"), message("a")], [message("b")], []]);
});

it("ends where Novu answers each page with the first one", async () => {
  let asked = 0;
  const messages = [{ transactionId: "a", channel: "email", status: "sent" }];
  const { messagesOf } = asking({
    async messages() {
      asked += 1;
      return { messages, hasMore: true };
    },
  });
  expect([await messagesOf("a"), asked]).toEqual([messages, 2]);
});

it("asks for a run once at a time, and again the next time", async () => {
  let asked = 0;
  const { jobsOf } = asking({
    async jobs() {
      asked += 1;
      return [] as NovuJobRecord[];
    },
  });
  await Promise.all([jobsOf(A), jobsOf(A), jobsOf({ transactionId: "b" })]);
  expect(asked).toBe(2);
  await jobsOf(A);
  expect(asked).toBe(3);
});

it.each([
  [404, "RetryLaterError"],
  [414, "RetryLaterError"],
  [401, "RetryLaterError"],
  [429, "RetryLaterError"],
  [503, "UnavailableError"],
  [null, "UnavailableError"],
])("takes no answer for the last word: %s", async (httpStatus, name) => {
  const { jobsOf } = asking({ jobs: () => Promise.reject(errorOf({ httpStatus, message: "no" })) });
  await expect(jobsOf(A)).rejects.toMatchObject({ name });
});

const A = { transactionId: "a" };

function asking(activity: Partial<NovuActivity>) {
  const silent = {
    messages: async () => answered,
    jobs: async () => [],
    runOfJob: async () => null,
  };
  return createNovuRuns({ activity: { ...silent, ...activity }, pace: async () => {} });
}
