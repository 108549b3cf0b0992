import { CHANNELS, type Channel } from "../contracts/channel.ts";
import type { Person } from "../contracts/person.ts";
import type { Recipient, Send } from "../contracts/send.ts";

/**
 * The recipient of a message, and whether Novu has another address than the person. Novu loads the subscriber before it
 * calls the bridge, so a new address comes too late for this message, unless the message itself contains it. Novu sends
 * to the event's address where the trigger has one, and else to the subscriber's.
 */
export function findRecipient({
  channel,
  person: { properties, source, unreadable },
  addresses,
  eventEmail,
  isTest,
  usesNovuAddresses,
  mayReplace,
}: {
  channel: Channel;
  person: Pick<Person, "properties" | "source" | "unreadable">;
  /** The subscriber's addresses at Novu. */
  addresses: Send["addresses"];
  /** The event's address in the trigger. */
  eventEmail: string | undefined;
  /** A test goes to the colleague's address. */
  isTest: boolean;
  /** Whether the address at Novu counts for a person without one at the source. */
  usesNovuAddresses: boolean;
  /** Whether a message can replace the address that Novu would use. */
  mayReplace: boolean;
}): { recipient: Recipient; isWrong: boolean } {
  const { addressField } = CHANNELS[channel];
  if (addressField === null) return { recipient: null, isWrong: false };
  const atSource = properties[addressField];
  const atNovu = addresses[addressField] || undefined;
  const isUnreadable = unreadable.includes(addressField);
  // A snapshot may be older than the address at Novu.
  const isRead = source !== "snapshot" && source !== "sample" && !isTest;
  const isOnlyAtNovu = atNovu !== undefined && atSource === undefined && !isUnreadable && usesNovuAddresses;
  const isWrong = isRead && !isOnlyAtNovu && !isSame(atSource ?? "", atNovu ?? "");
  return { recipient: isUnreadable ? null : recipientNow(), isWrong };

  function recipientNow(): Recipient {
    const own = isOnlyAtNovu || !isRead ? (atNovu ?? atSource) : atSource;
    if (channel === "email" && eventEmail !== undefined) {
      if (own === undefined || isSame(own, eventEmail)) return { via: "event", address: eventEmail };
      return replaced(own);
    }
    // The guards object if the person or Novu has no address.
    if (atNovu === undefined || (atSource === undefined && !isOnlyAtNovu)) return null;
    return isWrong ? replaced(atSource ?? atNovu) : { via: "subscriber", address: atNovu };
  }

  function replaced(address: string): Recipient {
    return { via: channel === "email" && mayReplace ? "provider" : "none", address };
  }
}

/** Whether both are one address; the case of letters, and blanks between digits, do not count. */
function isSame(one: string, other: string): boolean {
  return plain(one) === plain(other);
}

function plain(address: string): string {
  return address.includes("@") ? address.trim().toLowerCase() : address.replace(/[\s()./-]/g, "");
}
