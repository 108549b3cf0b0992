import { expect, it } from "vitest";
import { atEndOfTurn } from "../../../src/lib/end-of-turn.ts";

it("runs all functions of a turn in their order, without a turn between them", async () => {
  const ran: string[] = [];
  atEndOfTurn(() => {
    ran.push("first");
    setImmediate(() => ran.push("next turn"));
    atEndOfTurn(() => ran.push("added"));
  });
  atEndOfTurn(() => ran.push("second"));
  expect(ran).toEqual([]);
  await expect.poll(() => ran).toEqual(["first", "second", "next turn", "added"]);
});

it("waits while each turn brings more, but not for more than 64", async () => {
  const ran: number[] = [];
  let added = 0;
  let waitedFor = 0;
  const add = () => {
    const number = added;
    added += 1;
    atEndOfTurn(() => {
      if (ran.length === 0) waitedFor = added;
      ran.push(number);
    });
    if (added < 100) setImmediate(add);
  };
  add();
  await expect.poll(() => ran.length).toBe(100);
  expect(waitedFor).toBe(64);
  expect(ran).toEqual(Array.from({ length: 100 }, (_, index) => index));
});
