import { describe, expect, it } from "vitest";
import { Hours } from "../../../src/contracts/send.ts";

describe("Hours", () => {
  it.each([
    ["09:00-20:00", { from: "09:00", to: "20:00" }],
    [" 20:00 - 02:00 ", { from: "20:00", to: "02:00" }],
    ["00:00-24:00", { from: "00:00", to: "24:00" }],
    ["22:30-00:00", { from: "22:30", to: "00:00" }],
  ])("reads %j", (text, hours) => {
    expect(Hours.parse(text)).toEqual(hours);
  });

  it.each([
    ["", ["expected two times with a dash"]],
    ["09:00", ["expected two times with a dash"]],
    ["09:00-12:00-20:00", ["expected two times with a dash"]],
    ["9:00-20:00", ["the first time has to be"]],
    ["24:00-02:00", ["the first time has to be"]],
    ["09:00-20:60", ["the second time has to be"]],
    ["09:00-24:01", ["the second time has to be"]],
    ["9am-8pm", ["the first time has to be", "the second time has to be"]],
    ["09:00-09:00", ["the two times are the same"]],
  ])("says what is wrong with %j", (text, messages) => {
    const { error } = Hours.safeParse(text);
    expect(error?.issues.map(({ message }) => message)).toEqual(
      messages.map((message) => expect.stringContaining(message)),
    );
  });
});
