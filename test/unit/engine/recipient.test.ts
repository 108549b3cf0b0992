import { describe, expect, it } from "vitest";
import type { Channel } from "../../../src/contracts/channel.ts";
import type { Person, PersonProperties, PropertyName } from "../../../src/contracts/person.ts";
import { findRecipient } from "../../../src/engine/recipient.ts";

interface Facts {
  /** The person's address at the source. */
  own?: string;
  isUnreadable?: boolean;
  source?: Person["source"];
  atNovu?: string | null;
  /** The event's address, where the trigger has it. */
  event?: string;
  channel?: Channel;
  usesNovuAddresses?: boolean;
  mayReplace?: boolean;
}

function found({ own, isUnreadable = false, source = "posthog", atNovu, event, channel = "email", ...facts }: Facts) {
  const field: PropertyName = channel === "sms" ? "phone" : "email";
  const { usesNovuAddresses = false, mayReplace = false } = facts;
  const properties = (own === undefined ? {} : { [field]: own }) as PersonProperties;
  const { recipient, isWrong } = findRecipient({
    ...{ channel, eventEmail: event, isTest: false, usesNovuAddresses, mayReplace },
    person: { properties, source, unreadable: isUnreadable ? [field] : [] },
    addresses: { [field]: atNovu },
  });
  return [recipient === null ? null : `${recipient.via} ${recipient.address}`, isWrong];
}

const NEW = "new@b.co";
const OLD = "old@b.co";
const EVENT = "event@b.co";

describe("without an address in the trigger", () => {
  it.each<[string, Facts, string | null, isWrong: boolean]>([
    ["Novu has it", { own: NEW, atNovu: "New@B.co" }, "subscriber New@B.co", false],
    ["Novu has an older one", { own: NEW, atNovu: OLD }, `none ${NEW}`, true],
    ["a message replaces it", { own: NEW, atNovu: OLD, mayReplace: true }, `provider ${NEW}`, true],
    ["an SMS replaces nothing", { channel: "sms", own: "+1", atNovu: "+2", mayReplace: true }, "none +1", true],
    ["Novu has none", { own: NEW, atNovu: null }, null, true],
    ["the person has none", { atNovu: OLD }, null, true],
    ["only Novu has one, which counts", { atNovu: OLD, usesNovuAddresses: true }, `subscriber ${OLD}`, false],
    ["the own one is unreadable", { atNovu: OLD, isUnreadable: true, usesNovuAddresses: true }, null, true],
    ["the person is as of the event", { own: OLD, atNovu: NEW, source: "snapshot" }, `subscriber ${NEW}`, false],
    ["a note needs none", { channel: "in_app", own: NEW, atNovu: OLD }, null, false],
  ])("%s: %o", (_name, facts, recipient, isWrong) => {
    expect(found(facts)).toEqual([recipient, isWrong]);
  });
});

describe("with the event's address in the trigger", () => {
  it.each<[string, Facts, string | null, isWrong: boolean]>([
    ["the person has no other", {}, `event ${EVENT}`, false],
    ["the own one is the same", { own: "Event@B.co" }, `event ${EVENT}`, true],
    ["the own one came later", { own: NEW }, `none ${NEW}`, true],
    ["a message replaces it", { own: NEW, mayReplace: true }, `provider ${NEW}`, true],
    ["Novu has the own one already", { own: NEW, atNovu: NEW }, `none ${NEW}`, false],
    ["the own one is unreadable", { isUnreadable: true, mayReplace: true }, null, false],
    ["the own one was removed", { atNovu: OLD }, `event ${EVENT}`, true],
    ["Novu's counts as own", { atNovu: OLD, usesNovuAddresses: true }, `none ${OLD}`, false],
    ["Novu's may be the own one", { atNovu: NEW, source: "snapshot", mayReplace: true }, `provider ${NEW}`, false],
    ["nobody has another one", { source: "snapshot" }, `event ${EVENT}`, false],
    ["an SMS does not go there", { channel: "sms" }, null, false],
  ])("%s: %o", (_name, facts, recipient, isWrong) => {
    expect(found({ event: EVENT, ...facts })).toEqual([recipient, isWrong]);
  });
});
