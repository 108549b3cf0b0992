import { nodeTrouble } from "../../lib/supported-node.ts";
import { type Check, ok, warning } from "./check.ts";

/** Whether this Node gets security fixes; the app should run on the same version. */
export function nodeCheck(version: string): Check {
  const trouble = nodeTrouble(version);
  return { what: "Node", look: async () => [trouble === null ? ok(version) : warning(trouble)] };
}
