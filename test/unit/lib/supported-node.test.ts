import { expect, it } from "vitest";
import { nodeTrouble } from "../../../src/lib/supported-node.ts";

it.each([
  "22.23.4",
  "22.23.5",
  "22.24.0",
  "24.22.1",
  "24.30.0",
  "26.12.1",
  "26.13.0",
  "23.1.0",
  "25.0.0",
  "27.0.0",
  "28.1.2",
  "100.0.0",
  "26.12.1-nightly20261101",
])("Node %s is taken", (version) => {
  expect(nodeTrouble(version)).toBeNull();
});

it.each(["18.20.8", "20.20.2", "20.99.0", "21.7.3"])("Node %s gets no security fixes", (version) => {
  expect(nodeTrouble(version)).toBe(
    `Node ${version} gets no security fixes any more; run 22.23.4, 24.22.1, 26.12.1 or newer of these lines`,
  );
});

it.each(["22.0.0", "22.22.9", "22.23.3", "24.21.0", "24.22.0", "26.0.0", "26.11.9", "26.12.0"])(
  "Node %s is too old in its line",
  (version) => {
    expect(nodeTrouble(version)).toBe(
      `Node ${version} lacks security fixes; run 22.23.4, 24.22.1, 26.12.1 or newer of these lines`,
    );
  },
);
