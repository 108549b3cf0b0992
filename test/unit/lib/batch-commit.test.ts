import { describe, expect, it } from "vitest";
import { BusyError, batchCommit } from "../../../src/lib/batch-commit.ts";

const bounds = {
  mostWaiting: 100,
  mostWaitMs: 60_000,
  mostWaitingBytes: 1_000,
  mostInBatch: 10,
  atOnce: 1,
  mostBatchBytes: 50,
};

function writer(changes: Partial<typeof bounds> = {}) {
  const groups: number[][] = [];
  const open: Array<() => void> = [];
  const write = batchCommit<number, number>({
    commit: async (items) => {
      groups.push(items);
      await new Promise<void>((resolve) => open.push(resolve));
      if (items.includes(666)) throw new Error("bad item");
      if (items.includes(500)) throw new Error("disk full");
      return items.map((item) => item * 2);
    },
    bytesOf: (item) => (item === 40 ? 40 : 1),
    isAboutAnItem: (error) => (error as Error).message === "bad item",
    ...bounds,
    ...changes,
  });
  /** Lets transactions end, one after the other, until nothing is in progress. */
  const finish = async () => {
    for (let quiet = 0; quiet < 3; quiet += 1) {
      for (const end of open.splice(0)) {
        end();
        quiet = 0;
      }
      await new Promise(setImmediate);
    }
  };
  return { write, groups, finish };
}

describe("batchCommit", () => {
  it("writes together what comes in one turn, and what comes during a transaction", async () => {
    const { write, groups, finish } = writer();
    const results = [1, 2].map((item) => write(item));
    while (groups.length === 0) await new Promise(setImmediate);
    expect(groups).toEqual([[1, 2]]);
    results.push(write(3), write(4));
    await finish();
    expect(await Promise.all(results)).toEqual([2, 4, 6, 8]);
    expect(groups).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it("takes along what each turn brings, as long as it brings more", async () => {
    const { write, groups, finish } = writer();
    const later: Promise<number>[] = [];
    setImmediate(() => {
      later.push(write(2));
      setImmediate(() => later.push(write(3)));
    });
    const first = write(1);
    while (groups.length === 0) await new Promise(setImmediate);
    await finish();
    expect(await Promise.all([first, ...later])).toEqual([2, 4, 6]);
    expect(groups).toEqual([[1, 2, 3]]);
  });

  it("has as many transactions in progress as it may, and none that is empty", async () => {
    const { write, groups, finish } = writer({ atOnce: 2, mostInBatch: 2 });
    const results = [1, 2, 3, 4, 5].map((item) => write(item));
    while (groups.length < 2) await new Promise(setImmediate);
    await new Promise(setImmediate);
    expect(groups).toEqual([
      [1, 2],
      [3, 4],
    ]);
    await finish();
    expect(await Promise.all(results)).toEqual([2, 4, 6, 8, 10]);
    expect(groups).toEqual([[1, 2], [3, 4], [5]]);
  });

  it("bounds a group in number and bytes, and writes in order", async () => {
    const { write, groups, finish } = writer();
    const results = [...Array.from({ length: 12 }, (_, index) => index + 1), 40, 40].map((item) => write(item));
    await finish();
    await Promise.all(results);
    expect(groups).toEqual([[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [11, 12, 40], [40]]);
  });

  it("lets a bad item fail alone", async () => {
    const { write, finish } = writer();
    const results = Promise.allSettled([1, 2, 666, 3].map((item) => write(item)));
    await finish();
    expect((await results).map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled"]);
  });

  it("fails all at once when the store does, and goes on", async () => {
    const { write, groups, finish } = writer();
    const results = Promise.allSettled([1, 2, 500, 3].map((item) => write(item)));
    await finish();
    expect((await results).map(({ status }) => status)).toEqual(Array(4).fill("rejected"));
    expect(groups).toEqual([[1, 2, 500, 3]]);
    const after = write(7);
    await finish();
    expect(await after).toBe(14);
  });

  it("refuses who has waited too long, in progress or not, and goes on", async () => {
    const { write, groups, finish } = writer({ mostWaitMs: 10 });
    const first = write(1);
    await new Promise(setImmediate);
    expect(groups).toEqual([[1]]);
    await Promise.all([first, write(2)].map((result) => expect(result).rejects.toThrow("not written within 10 ms")));
    await finish();
    const after = write(3);
    await finish();
    expect(await after).toBe(6);
  });

  it.each([
    ["number", { mostWaiting: 3 }],
    ["bytes", { mostWaitingBytes: 3 }],
  ])("refuses what would wait beyond its bounds: %s", async (_name, changes) => {
    const { write, finish } = writer(changes);
    const results = [1, 2, 3].map((item) => write(item));
    await expect(write(4)).rejects.toThrow(BusyError);
    await finish();
    expect(await Promise.all(results)).toEqual([2, 4, 6]);
  });
});
