import { JOURNEYS } from "../../contracts/lab.ts";
import { backTo, type LabAction } from "../page.ts";

/** Lets time pass, and comes back to the page where that was asked for. */
export const travelAction: LabAction = {
  path: "/time",
  async run({ journey, here }, lab) {
    const asked = JOURNEYS.find((name) => name === journey);
    if (asked !== undefined) await lab.travel(asked);
    return backTo(here);
  },
};
