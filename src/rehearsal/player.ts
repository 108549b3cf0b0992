import { MINUTE_MS } from "../lib/durations.ts";
import { parseJson } from "../lib/json.ts";
import type { Message } from "../sandbox/local-novu/state.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import type { HistoryLine } from "./history.ts";

/** Assumptions about the replies of people: none, each note is read at once, or the replies in the history. */
export const REPLIES = ["none", "seen", "recorded"] as const;
export type Replies = (typeof REPLIES)[number];

/** How long after a note its reader reads it, with the replies "seen". */
const READ_AFTER_MS = MINUTE_MS;

export interface Played {
  events: number;
  /** The events without an effect, by reason. */
  ignored: Record<string, number>;
}

type EventLine = Exclude<HistoryLine, { source: "reply" }>;
type ReplyLine = Extract<HistoryLine, { source: "reply" }>;

/**
 * Plays a history in a sandbox whose clock stands at or before `from`: each event arrives at its time, and the clock
 * moves on until `until`. Events before `from` change only the persons. `onProgress` gets the time up to which all is
 * played.
 */
export async function play(
  sandbox: Sandbox,
  {
    lines,
    from,
    until,
    replies,
    onMessage,
    onProgress,
  }: {
    lines: AsyncIterable<HistoryLine[]>;
    from: number;
    until: number;
    replies: Replies;
    /** Called with each message that Novu sends. */
    onMessage(message: Message): void;
    onProgress(at: number, played: Played): void;
  },
): Promise<Played> {
  const { clock, settled, posthog, segment, novu, app } = sandbox;
  const played: Played = { events: 0, ignored: {} };
  novu.watchMessages((message) => {
    onMessage(message);
    const { id, channel } = message;
    if (replies === "seen" && channel === "in_app")
      clock.at(clock.now() + READ_AFTER_MS, () => void novu.mark(id, "read"));
  });

  for await (const batch of lines) {
    for (const line of batch) {
      const at = Date.parse(line.at);
      if (at >= until) continue;
      if (at > clock.now()) await clock.travelTo(at, settled);
      if (line.source === "reply") await reply(line, at < from);
      else await deliver(line, at < from);
      onProgress(at, played);
    }
  }
  await clock.travelTo(until, settled);
  return played;

  async function deliver({ source, body }: EventLine, isWarmUp: boolean): Promise<void> {
    const text = JSON.stringify(body);
    if (source === "segment" && isWarmUp) return;
    const attempts = source === "segment" ? segment.replay(text) : posthog.replay(text, { isSilent: isWarmUp });
    if (isWarmUp) return;
    await settled();
    played.events += 1;
    const { ignored } = (parseJson(attempts.at(-1)?.answer ?? "") ?? {}) as { ignored?: string };
    if (ignored !== undefined) played.ignored[ignored] = (played.ignored[ignored] ?? 0) + 1;
  }

  /** An opt-out from before the history is no reply to its messages, so it is always valid. */
  async function reply({ at, body }: ReplyLine, isBefore: boolean): Promise<void> {
    if (replies !== "recorded" && !(isBefore && body.kind === "opt-out")) return;
    const { distinct_id: distinctId } = body;
    if (body.kind === "opt-out") {
      const change = { off: body.is_out ? [body.topic] : [], on: body.is_out ? [] : [body.topic] };
      await app.store.people.changeOptOuts({ distinctId, ...change, cause: "link", at, report: null });
    } else {
      const note = novu.state.messages.find(
        ({ transactionId, stepId, channel }) =>
          transactionId === body.transaction_id && stepId === body.step && channel === "in_app",
      );
      if (note !== undefined) novu.mark(note.id, body.kind);
    }
    await settled();
  }
}
