import type { Channel } from "../../contracts/channel.ts";
import type { SideFacts } from "../outcome.ts";
import { type Count, sum } from "./tally.ts";

/** Writes sentences for a terminal, or as Markdown. */
export interface Pen {
  /** An id or a name. */
  code(id: string): string;
  bold(words: string): string;
  /** Words that come from data. */
  text(words: string): string;
}

const LONGEST_ID = 80;

/** An id or a name from outside may be as long as it likes. */
export function shortId(id: string): string {
  const characters = [...id];
  return characters.length > LONGEST_ID ? `${characters.slice(0, LONGEST_ID - 1).join("")}…` : id;
}

const CHANNEL_WORDS: Record<Channel, { one: string; many: string; article: "a" | "an" }> = {
  email: { one: "email", many: "emails", article: "an" },
  in_app: { one: "in-app note", many: "in-app notes", article: "an" },
  push: { one: "push", many: "pushes", article: "a" },
  sms: { one: "SMS", many: "SMS", article: "an" },
  chat: { one: "chat message", many: "chat messages", article: "a" },
  tool: { one: "tool message", many: "tool messages", article: "a" },
};

/** "2,000" */
export function digits(number: number): string {
  return number.toLocaleString("en-US");
}

/** "1 run", "2,000 runs" */
export function counted(number: number, one: string, many = `${one}s`): string {
  return `${digits(number)} ${number === 1 ? one : many}`;
}

export function people(number: number): string {
  return counted(number, "person", "people");
}

/** "email" */
export function channelName(channel: Channel): string {
  return CHANNEL_WORDS[channel].one;
}

/** "an email" */
export function oneOf(channel: Channel): string {
  const { article, one } = CHANNEL_WORDS[channel];
  return `${article} ${one}`;
}

/** "3 emails, 2 in-app notes and 1 push"; "20 more emails" with `more`. */
export function messagesBy(channels: Array<Count<Channel>>, more = ""): string {
  if (channels.length === 0) return "no message";
  const words = channels.map(({ name, count }) => {
    const { one, many } = CHANNEL_WORDS[name];
    return counted(count, `${more}${one}`, `${more}${many}`);
  });
  return inWords(words);
}

/** "a, b and c" */
export function inWords(words: string[], link = "and"): string {
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} ${link} ${last}`;
}

/** The verb for a number of things. */
export function verb(counts: Array<{ count: number }>, one: string, many: string): string {
  return sum(counts) === 1 ? one : many;
}

/** "over the cap 30, opted out 11" */
export function reasonsOf(pen: Pen, reasons: Count[]): string {
  return reasons.map(({ name, count }) => `${pen.text(name)} ${digits(count)}`).join(", ");
}

const WORKING_TREE = "the working tree";

/** The name of a side. */
export function sideName(pen: Pen, { ref }: Pick<SideFacts, "ref">): string {
  return ref === WORKING_TREE ? ref : pen.code(ref);
}

/** "on `main`", "in the working tree" */
export function onSide(pen: Pen, facts: Pick<SideFacts, "ref">): string {
  return `${facts.ref === WORKING_TREE ? "in" : "on"} ${sideName(pen, facts)}`;
}
