import { type Command, defineCommand } from "../../lib/command.ts";
import type { Demo } from "./run-demo.ts";

const HELP = `npm run demo [-- options]

Plays two weeks of a few people, on a virtual clock and over real sockets, on Novu's Free plan, or on
the plan in NOVU_PLAN. Exits 1 when a decision differs from the story in src/workflows/demo/story.ts. The demo leaves out the
scenes of a workflow that is not in src/workflows/index.ts, and prints the workflow's id.

  --out DIR   folder for the messages as HTML (./.data/demo)
  --stay      keep the studio open after the story, until Ctrl-C
  --port N    port of the studio with --stay (4000); 0 is any free port
  --json      print one JSON object
  --help`;

export const OPTIONS = {
  out: { type: "string", default: "./.data/demo" },
  stay: { type: "boolean" },
  port: { type: "string", default: "4000" },
} as const;

export function demoOf(loadDemo: () => Promise<Demo>): Command {
  return defineCommand({
    name: "demo",
    help: HELP,
    options: OPTIONS,
    async run(context) {
      const { runDemo } = await import("./run-demo.ts");
      return runDemo(context, await loadDemo());
    },
  });
}
