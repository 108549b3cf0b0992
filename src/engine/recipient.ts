import { CHANNELS, type Channel } from "../contracts/channel.ts";
import type { Person } from "../contracts/person.ts";
import type { Recipient, Send } from "../contracts/send.ts";

/**
 * The recipient of a message. Novu loads its subscriber before it calls the bridge, so an address that Novu does not
 * have by then has to go with the message itself.
 */
export function recipientOf({
  channel,
  person,
  addresses,
  mayReplace,
}: {
  channel: Channel;
  person: Person;
  addresses: Send["addresses"];
  /** Whether the email provider accepts another recipient than the subscriber's. */
  mayReplace: boolean;
}): Recipient {
  const { own, atNovu } = addressesOf(channel, person, addresses);
  if (!own || !atNovu) return null;
  if (!isRead(person) || isSame(own, atNovu)) return { via: "subscriber", address: atNovu };
  return channel === "email" && mayReplace ? { via: "provider", address: own } : "changed";
}

/** Whether Novu has another address than the person, who was read just now. */
export function isWrongAtNovu(channel: Channel, person: Person, addresses: Send["addresses"]): boolean {
  const { own, atNovu } = addressesOf(channel, person, addresses);
  return isRead(person) && (own && atNovu ? !isSame(own, atNovu) : Boolean(own) !== Boolean(atNovu));
}

function addressesOf(channel: Channel, { properties }: Person, addresses: Send["addresses"]) {
  const { addressField } = CHANNELS[channel];
  if (addressField === null) return { own: undefined, atNovu: undefined };
  return { own: properties[addressField], atNovu: addresses[addressField] };
}

/** An older copy of a person may be older than the address at Novu. */
function isRead({ source }: Person): boolean {
  return source !== "snapshot" && source !== "sample";
}

/** Whether both are one address, in capitals or not, and with or without blanks between digits. */
function isSame(one: string, other: string): boolean {
  return plain(one) === plain(other);
}

function plain(address: string): string {
  return address.includes("@") ? address.trim().toLowerCase() : address.replace(/[\s()./-]/g, "");
}
