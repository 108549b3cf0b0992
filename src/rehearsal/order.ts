import type { Product } from "../contracts/product.ts";
import type { WorkflowRoutes } from "../contracts/workflow.ts";
import { type OptionValues, UsageError } from "../lib/command.ts";
import { timeOption } from "../lib/read-time.ts";
import { REPLIES, type Replies } from "./player.ts";

export const HELP = `npm run rehearse -- [options]

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

export interface Order {
  /** `posthog`, `store`, or the path of a file. */
  from: string;
  /** Milliseconds since 1970. */
  since: number | undefined;
  until: number | undefined;
  workflow: string | undefined;
  people: number | undefined;
  plain: boolean;
  against: string | undefined;
  replies: Replies;
  mostPerWeek: number;
  onlyHistory: boolean;
  verify: boolean;
  out: string | undefined;
  /** The port of the studio; null without --stay. */
  studioPort: number | null;
  format: "text" | "markdown" | "json";
}

type Options = OptionValues<typeof OPTIONS> & { json: boolean };
type Env = Record<string, string | undefined>;

/** Throws a UsageError for options that do not go together. */
export function orderOf(
  options: Options,
  { env, now, workflows }: { env: Env; now: number } & Pick<Product<WorkflowRoutes>, "workflows">,
): Order {
  const from = options.from ?? (env.POSTHOG_PERSONAL_API_KEY && !options.verify ? "posthog" : "store");
  const isFile = from !== "posthog" && from !== "store";
  if (!isFile && options.since === undefined) throw new UsageError("--since is missing");
  const [since, until] = [options.since, options.until].map((text, index) =>
    text === undefined ? undefined : timeOption(["--since", "--until"][index] ?? "", text, now),
  );
  if ((since ?? 0) >= (until ?? Number.POSITIVE_INFINITY)) throw new UsageError("--since must be before --until");
  assertVerifiable(options, from);
  if (options.json && options.markdown) throw new UsageError("--json and --markdown do not go together");
  if (options["only-history"] && (options.against !== undefined || options.stay))
    throw new UsageError("--only-history plays nothing, so --against and --stay do not go with it");
  if (options.workflow !== undefined && !workflows.some(({ id }) => id === options.workflow))
    throw new UsageError(
      `there is no workflow "${options.workflow}", only ${workflows.map(({ id }) => id).join(", ")}`,
    );
  return {
    ...{ from, since, until },
    workflow: options.workflow,
    people: options.people === undefined ? undefined : countOption("--people", options.people),
    // The recorded decisions have real ids, and follow the replies that came.
    plain: options.plain || options.verify,
    verify: options.verify,
    against: options.against,
    replies: options.verify ? "recorded" : repliesOption(options.replies),
    mostPerWeek: countOption("--most-per-week", options["most-per-week"]),
    onlyHistory: options["only-history"],
    out: options.out,
    studioPort: options.stay ? countOption("--port", options.port, 0) : null,
    format: options.json ? "json" : options.markdown ? "markdown" : "text",
  };
}

function assertVerifiable(
  { verify, against, markdown, stay, "only-history": onlyHistory }: Options,
  from: string,
): void {
  if (!verify) return;
  if (from !== "store") throw new UsageError("--verify reads the store, so --from does not go with it");
  if (against !== undefined || markdown || stay || onlyHistory)
    throw new UsageError("--verify goes with --since, --until, --people, --workflow and --json");
}

function repliesOption(text: string): Replies {
  const found = REPLIES.find((one) => one === text);
  if (found !== undefined) return found;
  throw new UsageError(`--replies "${text}" is not one of ${REPLIES.join(", ")}`);
}

function countOption(option: string, text: string, least = 1): number {
  if (/^\d{1,9}$/.test(text) && Number(text) >= least) return Number(text);
  throw new UsageError(`${option} "${text}" is not a whole number of ${least} or more`);
}
