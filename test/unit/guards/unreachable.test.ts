import { describe, expect, it } from "vitest";
import type { Channel } from "../../../src/contracts/channel.ts";
import type { PersonProperties } from "../../../src/contracts/person.ts";
import type { Send } from "../../../src/contracts/send.ts";
import { createGuards } from "../../../src/guards/guards.ts";

const guardWith = (usesNovuAddresses: boolean) =>
  createGuards({
    usesNovuAddresses,
    topics: {},
    cap: { most: 1, withinMs: 1 },
    optOutsOf: async () => ({ off: [] }),
    bouncesOf: async () => [],
    flagsOf: async () => ({ outcome: "answered", values: {} }),
    countSends: async () => 0,
    reserveSend: async () => true,
  });

const guard = guardWith(false);

const TOKEN = [{ credentials: { deviceTokens: ["one"] } }];
const CHAT = [{ credentials: { webhookUrl: "https://chat.example" } }];
const NO_DEVICE = "no device takes push messages";
const NO_CHAT = "no chat is connected";

type Case = [
  name: string,
  person: PersonProperties,
  atNovu: Send["addresses"],
  detail: string | null,
  unreadable?: string[],
];

describe.each<[Channel, Case[]]>([
  [
    "push",
    [
      ["a token is enough", {}, { channels: TOKEN }, null],
      ["a token and a yes", { push_enabled: true }, { channels: TOKEN }, null],
      ["a no counts beside a token", { push_enabled: false }, { channels: TOKEN }, NO_DEVICE],
      ["an answer that cannot be read is no yes", {}, { channels: TOKEN }, NO_DEVICE, ["push_enabled"]],
      ["a yes without a token", { push_enabled: true }, { channels: [] }, "Novu has no push token"],
      ["an empty token", {}, { channels: [{ credentials: { deviceTokens: [""] } }] }, "Novu has no push token"],
      ["a chat is no device", {}, { channels: CHAT }, "Novu has no push token"],
      ["a yes, where Novu names no devices", { push_enabled: true }, {}, null],
      ["nothing, where Novu names no devices", {}, {}, NO_DEVICE],
    ],
  ],
  [
    "chat",
    [
      ["a chat is enough", {}, { channels: CHAT }, null],
      ["a no counts beside a chat", { chat_connected: false }, { channels: CHAT }, NO_CHAT],
      ["an answer that cannot be read is no yes", {}, { channels: CHAT }, NO_CHAT, ["chat_connected"]],
      ["a yes without a chat", { chat_connected: true }, { channels: [] }, "Novu has no chat webhook"],
      [
        "a yes and a phone number, by which some providers go",
        { chat_connected: true },
        { channels: [], phone: "+49" },
        null,
      ],
      ["a phone number alone is no yes", {}, { channels: [], phone: "+49" }, NO_CHAT],
      ["a yes, where Novu names no chats", { chat_connected: true }, {}, null],
      ["nothing, where Novu names no chats", {}, {}, NO_CHAT],
    ],
  ],
])("by %s", (channel, cases) => {
  it.each(cases)("%s", async (_name, person, addresses, detail, unreadable = []) => {
    const about = { transactionId: "t", workflow: "w", step: "s", distinctId: "ada" };
    const { objection } = await guard({
      ...{ ...about, channel, person, unreadable, addresses },
      ...{ recipient: null, topic: null, holdout: null, isTrial: false },
    });
    expect(objection?.detail ?? null).toBe(detail);
  });
});

it.each<
  [name: string, Channel, PersonProperties, Send["addresses"], by: string | null, byBoth: string | null, string[]?]
>([
  ["both have an address", "email", { email: "a@b.co" }, { email: "a@b.co" }, null, null],
  ["only Novu has one", "email", {}, { email: "a@b.co" }, "no email address", null],
  ["neither has one", "email", {}, {}, "no email address", "Novu has no email address"],
  [
    "the source's cannot be read",
    "email",
    {},
    { email: "a@b.co" },
    ...twice("the email address cannot be used"),
    ["email"],
  ],
  ["only Novu has a number", "sms", {}, { phone: "+49" }, "no phone number", null],
  [
    "the source's number cannot be read",
    "sms",
    {},
    { phone: "+49" },
    ...twice("the phone number cannot be read"),
    ["phone"],
  ],
])(
  "by the source's addresses, and by Novu's too: %s",
  async (_name, channel, person, addresses, by, byBoth, unreadable = []) => {
    const about = { transactionId: "t", workflow: "w", step: "s", distinctId: "ada" };
    const send = {
      ...about,
      channel,
      person,
      unreadable,
      addresses,
      recipient: null,
      topic: null,
      holdout: null,
      isTrial: false,
    };
    const details = [];
    for (const usesNovuAddresses of [false, true])
      details.push((await guardWith(usesNovuAddresses)(send)).objection?.detail ?? null);
    expect(details).toEqual([by, byBoth]);
  },
);

function twice(detail: string): [string, string] {
  return [detail, detail];
}
