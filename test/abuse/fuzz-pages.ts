import { createLinks } from "../../src/links/links.ts";
import { createUnsubscribeLinks } from "../../src/opt-outs/unsubscribe.ts";
import { LOCAL_KEYS } from "../../src/sandbox/local-keys.ts";
import type { Dice } from "./dice.ts";
import { headerText } from "./fuzz-webhooks.ts";
import { oddString } from "./odd-values.ts";
import { METRICS_TOKEN, plantedEmail, plantedPhone } from "./planted.ts";
import type { Message } from "./wire.ts";

const FORM = { "content-type": "application/x-www-form-urlencoded" };
const FORMS = [
  "List-Unsubscribe=One-Click",
  "choose=topics&topic=offers",
  "choose=none",
  "choose=topics",
  "choose=x",
  "%",
  "",
];
const PAGES = [
  "",
  "/",
  "/runs",
  "/why",
  "/queue",
  "/ignored",
  "/people",
  "/workflows/onboarding",
  "/runs/x",
  "/live/x",
];
const PATHS = [
  "/",
  "/x",
  "/.env",
  "/webhooks",
  "/webhooks/other",
  "/api",
  "/u",
  "/r",
  "/%",
  "/%ff",
  "/a/../b",
  "/robots.txt",
];
const keys = [LOCAL_KEYS.linkSigning];
const publicUrl = () => "";
const unsubscribe = createUnsubscribeLinks({ keys, publicUrl });
const links = createLinks({ keys, publicUrl, source: "fuzz" });

/** Unsubscribe and click links: real ones, changed ones, those of the other kind, and other texts. */
export function toLink(dice: Dice, number: number): Message {
  const distinctId = dice.chance(0.2) ? plantedEmail(number) : `person-${dice.int(500)}`;
  const about = { workflow: "onboarding", step: "welcome", transactionId: `${dice.uuid()}:onboarding` };
  const off = unsubscribe.urlOf({ distinctId, topic: dice.pick(["offers", "none"]), ...about });
  const click = links.link(`https://acme.example/?for=${number}`, {
    ...about,
    channel: "email",
    track: true,
  });
  const real = dice.pick([off, click, off.replace("/u/", "/r/"), click.replace("/r/", "/u/")]);
  const target = dice.chance(0.4) ? real : changed(real, dice);
  if (!dice.chance(0.4)) return { method: dice.pick(["GET", "GET", "HEAD", "PUT"]), target };
  const body = dice.chance(0.05) ? "a=".padEnd(20_000, "b") : dice.pick(FORMS);
  return {
    method: "POST",
    target,
    headers: dice.chance(0.8) ? FORM : { "content-type": headerText(oddString(dice)) },
    body,
  };
}

/** The studio without a session, and sometimes with one, which shows no address by default either. */
export function toStudio(dice: Dice, cookie: string): Message {
  const odd = { cookie: headerText(`studio_session=${oddString(dice)}.1.a; a=b`) };
  const session = dice.chance(0.2) ? { cookie } : dice.chance(0.5) ? odd : {};
  const query = new URLSearchParams({
    q: oddString(dice).slice(0, 500).toWellFormed(),
    person: `person-${dice.int(500)}`,
  });
  if (!dice.chance(0.3)) {
    const page = `/studio${dice.chance(0.2) ? "/api" : ""}${dice.pick(PAGES)}`;
    return { method: dice.pick(["GET", "GET", "GET", "HEAD", "POST"]), target: `${page}?${query}`, headers: session };
  }
  // Rare: wrong secrets are checked one by one, half a second each, and would slow down the fuzzer.
  const body = dice.pick(["", "secret", "secret[]=a", "to=//x.example", "a".repeat(70_000), `__proto__=1&secret=`]);
  const headers = { ...FORM, origin: dice.pick(["null", "https://x.example", headerText(oddString(dice))]) };
  return { method: dice.pick(["GET", "POST", "POST"]), target: "/studio/login?to=//x.example", headers, body };
}

export function toOperator(dice: Dice, number: number): Message {
  const token = dice.pick([METRICS_TOKEN, plantedEmail(number), headerText(oddString(dice)), ""]);
  return {
    method: dice.pick(["GET", "GET", "GET", "HEAD", "POST"]),
    target: dice.pick(["/metrics", "/healthz", "/readyz", `/healthz?for=${plantedEmail(number)}`]),
    headers: { authorization: `Bearer ${token}`, "x-for": plantedPhone(number) },
  };
}

export function toNowhere(dice: Dice, number: number): Message {
  return {
    method: dice.pick(["GET", "POST", "PUT", "PATCH", "OPTIONS", "PROPFIND"]),
    target: `${dice.pick(PATHS)}?for=${plantedEmail(number)}`,
    headers: { "user-agent": headerText(oddString(dice)) },
  };
}

function changed(target: string, dice: Dice): string {
  const at = 3 + dice.int(target.length - 3);
  const kind = dice.int(5);
  if (kind === 0) return target.slice(0, at);
  if (kind === 1) return `${target.slice(0, at)}${dice.pick(["A", "=", "%00", "%", "/", "."])}${target.slice(at + 1)}`;
  if (kind === 2) return `${target}${dice.pick(["A", "=", "/", "%20", "?a=b"])}`;
  if (kind === 3) return `${target.slice(0, 3)}${encodeURIComponent(oddString(dice).slice(0, 300).toWellFormed())}`;
  return `${target.slice(0, 3)}${"A".repeat(dice.pick([1, 28, 100, 8_100]))}`;
}
