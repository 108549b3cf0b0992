import { nodeTrouble } from "../../lib/supported-node.ts";
import { type Check, ok, warning } from "./check.ts";

/** Whether the Node that runs this gets security fixes; the app is to run on the same. */
export function nodeCheck(version: string): Check {
  const trouble = nodeTrouble(version);
  return { what: "Node", look: async () => [trouble === null ? ok(version) : warning(trouble)] };
}
