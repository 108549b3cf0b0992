import { describe, expect, it } from "vitest";
import { createVirtualClock } from "../../../src/sandbox/virtual-clock.ts";

const settled = async () => {};

describe("a clock that travels", () => {
  it("rings each alarm at its own time, in order, and those that they set", async () => {
    const clock = createVirtualClock({ startAt: 0, flowing: false });
    const rung: Array<[string, number]> = [];
    clock.at(30, () => rung.push(["c", clock.now()]));
    clock.at(10, () => {
      rung.push(["a", clock.now()]);
      clock.at(20, () => rung.push(["b", clock.now()]));
    });
    const takeBack = clock.at(15, () => rung.push(["never", clock.now()]));
    takeBack();
    clock.at(41, () => rung.push(["later", clock.now()]));
    await clock.travelTo(40, settled);
    expect(rung).toEqual([
      ["a", 10],
      ["b", 20],
      ["c", 30],
    ]);
    expect([clock.now(), clock.nextAlarmAt()]).toEqual([40, 41]);
    clock.stop();
  });

  it("waits at each alarm until what it set off has settled", async () => {
    const clock = createVirtualClock({ startAt: 0, flowing: false });
    let work: Promise<void> = Promise.resolve();
    let doneAt = 0;
    clock.at(10, () => {
      work = new Promise((resolve) => setTimeout(resolve, 20)).then(() => {
        doneAt = clock.now();
      });
    });
    await clock.travelTo(100, () => work);
    expect(doneAt).toBe(10);
    clock.stop();
  });

  it("travels one time after the other", async () => {
    const clock = createVirtualClock({ startAt: 0, flowing: false });
    await Promise.all([clock.travelBy(10, settled), clock.travelBy(10, settled)]);
    expect(clock.now()).toBe(20);
  });

  it("rings what is due already without travelling", async () => {
    const clock = createVirtualClock({ startAt: 100, flowing: false });
    await new Promise<void>((resolve) => clock.at(50, resolve));
    clock.stop();
  });

  it("goes by itself when it flows", async () => {
    const clock = createVirtualClock({ startAt: 0, flowing: true });
    await new Promise<void>((resolve) => clock.at(20, resolve));
    expect(clock.now()).toBeGreaterThanOrEqual(20);
    clock.stop();
  });
});
