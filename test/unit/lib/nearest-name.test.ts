import { expect, it } from "vitest";
import { nearestName } from "../../../src/lib/nearest-name.ts";

const NAMES = [
  "checkout_started",
  "checkout_completed",
  "user signed up",
  "$pageview",
  "plan",
  "Plan B",
  "cart_value",
  "seat_count\u001b[1m",
  "seat\u202ecount",
];

it.each<[name: string, nearest: string | null]>([
  ["checkout_stared", "checkout_started"],
  ["chekcout_started", "checkout_started"],
  ["Checkout Started", "checkout_started"],
  ["checkoutStarted", "checkout_started"],
  ["user_signed_up", "user signed up"],
  ["user_signup", "user signed up"],
  ["usersignedupp", "user signed up"],
  ["checkout", null],
  ["order_completed", null],
  ["pageview", "$pageview"],
  ["plam", "plan"],
  ["pla", null],
  ["PLAN", "plan"],
  ["cart_vlaue", "cart_value"],
  ["cart_total", null],
  ["", null],
  ["seat_count", null],
])("the nearest name to %j is %j", (name, nearest) => {
  expect(nearestName(name, NAMES)).toBe(nearest);
});

it("a name is not its own nearest name, and of two equal names the first counts", () => {
  expect(nearestName("plan", ["plan"])).toBeNull();
  expect(nearestName("seat_count", ["seatcount", "seat-count"])).toBe("seatcount");
});
