import { expect, it } from "vitest";
import { unreachableFrom } from "../../../src/commands/doctor/reach.ts";

const CLOUDS = ["https://eu.api.novu.co", "https://eu.posthog.com", "https://profiles.segment.com"];
const ALL = ["Novu Cloud", "PostHog Cloud", "Segment"];

it.each([
  ["http://localhost:4000", ALL],
  ["http://127.0.0.1:4000", ALL],
  ["http://[::1]:4000", ALL],
  ["https://10.1.2.3", ALL],
  ["https://172.20.0.5", ALL],
  ["https://192.168.1.20", ALL],
  ["https://100.100.0.1", ALL],
  ["https://[fd12:3456::1]", ALL],
  ["https://bridge", ALL],
  ["https://bridge.internal", ALL],
  ["https://macbook.local", ALL],
  ["https://bridge.acme.com", []],
  ["https://172.32.0.5", []],
  ["https://11.1.2.3", []],
  ["https://[2a01:4f8::1]", []],
  ["https://local.acme.com", []],
  ["https://bridge-internal.acme.dev", []],
])("%s cannot be reached by %o", (publicUrl, names) => {
  expect(unreachableFrom(publicUrl, CLOUDS)).toEqual(names);
});

it("a service of this network reaches every address", () => {
  expect(unreachableFrom("http://localhost:4000", ["http://127.0.0.1:3000", "https://novu.acme.dev"])).toEqual([]);
  expect(unreachableFrom("http://localhost:4000", ["https://api.novu.co", "https://posthog.acme.dev"])).toEqual([
    "Novu Cloud",
  ]);
});
