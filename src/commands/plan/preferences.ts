import { Channel } from "../../contracts/channel.ts";
import type { Preferences } from "./manifest.ts";

/** The changes of a workflow's preferences per channel. Novu adds the missing channels. */
export function preferenceDifferences(before: Preferences, after: Preferences): string[] {
  const [old, now] = [switchesOf(before), switchesOf(after)];
  return Object.keys(now)
    .filter((name) => old[name] !== now[name])
    .map((name) => `preferences: ${name} ${onOff(old[name])} → ${onOff(now[name])}`);
}

/** A missing channel follows `all`. */
function switchesOf({ all, channels = {} }: Preferences): Record<string, boolean> {
  const isOn = all?.enabled ?? true;
  const each = Channel.options.map((name) => [name, channels[name]?.enabled ?? isOn] as const);
  return { all: isOn, "read only": all?.readOnly ?? false, ...Object.fromEntries(each) };
}

function onOff(isOn: boolean | undefined): string {
  return isOn === true ? "on" : "off";
}
