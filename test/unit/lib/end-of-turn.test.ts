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
