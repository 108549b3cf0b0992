import { CHANNELS, type Channel } from "../../contracts/channel.ts";
import { UsageError } from "../../lib/command.ts";
import type { Names } from "./names.ts";

/** A message of a new workflow. */
export interface Message {
  /** The id of its step. */
  id: string;
  channel: Channel;
  /** The email's component and the name of its file; null on another channel. */
  email: { component: string; file: string } | null;
}

/** With its wait, and its delay until the sending hours, a message takes three of the 20 steps that Novu runs. */
const MOST_MESSAGES = 6;

/** By default a person gets this many marketing messages in a week (MARKETING_CAP); others are over the cap. */
const MOST_IN_A_WEEK = 3;

/** "email,in-app" → the messages in this order. Throws a UsageError for channels that make no workflow. */
export function messagesOf(
  channels: string,
  { names: { id, component }, isMarketing }: { names: Names; isMarketing: boolean },
): Message[] {
  const wanted = channels.split(",").map((name) => channelOf(name.trim()));
  if (isMarketing && wanted.filter((channel) => CHANNELS[channel].interrupts).length > MOST_IN_A_WEEK)
    throw new UsageError(
      `a person gets ${MOST_IN_A_WEEK} marketing messages in 7 days (MARKETING_CAP), without in-app notes: name fewer channels`,
    );
  if (wanted.length > MOST_MESSAGES)
    throw new UsageError(
      `${wanted.length} messages are too many steps for Novu: name ${MOST_MESSAGES} channels at most`,
    );
  return wanted.map((channel, index) => {
    const nth = wanted.slice(0, index + 1).filter((one) => one === channel).length;
    const suffix = nth === 1 ? "" : `${nth}`;
    const file = [id, suffix].filter(Boolean).join("-");
    return {
      id: [optionOf(channel), suffix].filter(Boolean).join("-"),
      channel,
      email: channel === "email" ? { component: `${component}${suffix}`, file } : null,
    };
  });
}

/** The names of the channels as `--channels` takes them. */
export const CHANNEL_NAMES = (Object.keys(CHANNELS) as Channel[]).map(optionOf);

function channelOf(name: string): Channel {
  const found = (Object.keys(CHANNELS) as Channel[]).find((channel) => optionOf(channel) === name.replace("_", "-"));
  if (found === undefined) throw new UsageError(`"${name}" is no channel: name some of ${CHANNEL_NAMES.join(", ")}`);
  return found;
}

/** in_app → in-app */
function optionOf(channel: Channel): string {
  return channel.replace("_", "-");
}
