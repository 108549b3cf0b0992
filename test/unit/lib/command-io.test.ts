import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { createCommandIo } from "../../../src/lib/command-io.ts";

describe("the output of a command", () => {
  it.each([
    [true, "\u001b[31mred\u001b[39m\n\n"],
    [false, "red\n\n"],
  ])("is coloured where stdout shows colours (%s)", async (hasColors, printed) => {
    const stdout = Object.assign(new PassThrough(), { hasColors: () => hasColors });
    const stderr = new PassThrough();
    const io = createCommandIo({ stdin: new PassThrough(), stdout, stderr });
    io.print(io.paint("red", "red"));
    io.print();
    io.printError("trouble");
    stdout.end();
    stderr.end();
    expect([await text(stdout), await text(stderr)]).toEqual([printed, "trouble\n"]);
  });

  it("waits by the clock when nothing else is given, and no longer than until the signal", async () => {
    const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
    const io = createCommandIo(streams);
    const startedAt = io.uptimeMs();
    await io.sleep(20);
    expect(io.uptimeMs() - startedAt).toBeGreaterThan(15);
    await expect(io.sleep(60_000, AbortSignal.abort(new Error("interrupted")))).rejects.toThrow("interrupted");
  });
});
