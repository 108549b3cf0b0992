import type { Product } from "../contracts/product.ts";
import type { WorkflowRoutes } from "../contracts/workflow.ts";
import { type RunContext, UsageError } from "../lib/command.ts";
import { timeOption } from "../lib/read-time.ts";
import type { OPTIONS } from "./command.ts";
import { REPLIES, type Replies } from "./player.ts";

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

type Options = RunContext<typeof OPTIONS>["options"];
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
