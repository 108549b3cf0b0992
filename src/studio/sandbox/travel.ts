import { TRAVEL_TARGETS } from "../../contracts/sandbox.ts";
import { backTo, type SandboxAction } from "./sandbox-page.ts";

/** Lets time pass, and returns to the page of the form. */
export const travelAction: SandboxAction = {
  path: "/time",
  async run({ to, here }, sandbox) {
    const target = TRAVEL_TARGETS.find((name) => name === to);
    if (target !== undefined) await sandbox.travel(target);
    return backTo(here);
  },
};
