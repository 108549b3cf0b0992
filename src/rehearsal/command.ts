import type { Product } from "../contracts/product.ts";
import type { LifecycleWorkflow } from "../engine/lifecycle.ts";
import { type Command, defineCommand } from "../lib/command.ts";

const HELP = `npm run rehearse -- [options]

Plays real history through the workflows of the working tree, in the sandbox and on a virtual clock, and
prints the messages that people would have got, and each reason for none. With --against it also plays the
history through the workflows of another commit, and prints the difference. Nothing is sent: no call leaves
this machine, except to read the history from PostHog.

  --since TIME       the beginning: 30d or 12h ago, or an ISO time such as 2026-03-02
  --until TIME       the end; by default now, and for a file its last line. What is due later is not played
  --from SOURCE      posthog, store (the app's own), or a file of webhook bodies, one JSON in a line, also
                     .gz; by default posthog if it is configured, and else the store
  --workflow ID      only the events of this workflow
  --people N         only N people, always the same ones
  --against REF      the commit to compare with, such as main
  --replies WHICH    the replies of people: none (the default), seen (each note is read after a minute),
                     recorded (as in the store). Opt-outs from before --since are always valid
  --most-per-week N  more messages than this in 7 days are too many for one person (3)
  --verify           compare with the decisions that were recorded, one by one, and explain each difference;
                     the history is that of the store
  --plain            real ids, addresses and names in the files, instead of pseudonyms
  --only-history     write the history, and play nothing
  --out FILE         a copy of the history, .gz to compress it
  --stay             keep a studio open, with the people of the sample, until Ctrl-C
  --port N           port of the studio with --stay (4000); the studio of --against has the next one
  --json, --markdown
  --help

It reads the settings of the app: NOVU_PLAN, MARKETING_CAP, SEND_HOURS, DEFAULT_TIMEZONE, EMAIL_PROVIDERS,
INTERNAL_USERS, DATA_DIR, DATABASE_URL and POSTHOG_…. All files are in DATA_DIR/rehearsal, for you alone.

Exit code: 0 done; 1 error, a message would have been sent after a conversion, or --verify found a
difference without an explanation; 2 wrong usage.`;

export const OPTIONS = {
  since: { type: "string" },
  until: { type: "string" },
  from: { type: "string" },
  workflow: { type: "string" },
  people: { type: "string" },
  against: { type: "string" },
  replies: { type: "string", default: "none" },
  "most-per-week": { type: "string", default: "3" },
  plain: { type: "boolean" },
  "only-history": { type: "boolean" },
  out: { type: "string" },
  stay: { type: "boolean" },
  port: { type: "string", default: "4000" },
  verify: { type: "boolean" },
  markdown: { type: "boolean" },
} as const;

export function rehearseOf({
  loadProduct,
  root,
}: {
  loadProduct(): Promise<Product<LifecycleWorkflow>>;
  root: string;
}): Command {
  return defineCommand({
    name: "rehearse",
    help: HELP,
    options: OPTIONS,
    async run(context) {
      const { run } = await import("./run.ts");
      return run(context, { product: await loadProduct(), root });
    },
  });
}
