import { describe, expect, it } from "vitest";
import { redact, redactReason } from "../../../src/lib/redact.ts";

describe("redact", () => {
  it.each([
    ["an address", "no such subscriber: <ada@mail.example.com>", "no such subscriber: <[redacted]>"],
    ["an address of another script", "to ада@пример.рф.", "to [redacted]."],
    ["an address after another", "a@example.com,b@example.com", "[redacted],[redacted]"],
    ["an address with a plus and dots", "to=ada.l+x@example.co.uk!", "[redacted]!"],
    ["a phone number", "phone +49 (151) 234-56789 is not valid", "phone [redacted] is not valid"],
    ["a key", "PostHog answered 401 to phx_4d2c", "PostHog answered 401 to [redacted]"],
    ["a NUL", "no\0thing", "no\ufffdthing"],
    ["a password in a URL", "postgresql://bridge:4d2c@db:5432/bridge", "postgresql://[redacted]@db:5432/bridge"],
  ])("takes out %s", (_what, text, expected) => {
    expect(redact(text)).toBe(expected);
  });

  it.each([
    "npx novu@2.20.1 sync ended with 1; see node_modules/@novu/framework",
    "the run 550e8400-e29b-41d4-a716-446655440000:onboarding",
    "a@b@c",
    "@",
    "at 2026-11-28T10:00:00.000+01:00",
    "a lone surrogate \ud83d and an @ example",
  ])("leaves %s", (text) => {
    expect(redact(text)).toBe(text);
  });

  it("cuts what is long between two words", () => {
    const text = `${"word ".repeat(399)}ada.lovelace@example.com and more`;
    expect(redact(text)).toBe(`${"word ".repeat(398)}word…`);
  });

  it.each([
    ["one word", (size: number) => "a".repeat(size)],
    ["a local part and a domain without an end", (size: number) => `${"a".repeat(size / 2)}@${"b".repeat(size / 2)}1`],
    ["ats", (size: number) => "@".repeat(size)],
    ["addresses that end in digits", (size: number) => "a@b.1".repeat(size / 5)],
    ["schemes", (size: number) => "://a".repeat(size / 4)],
    ["digits", (size: number) => "+1 ".repeat(size / 3)],
    ["dots", (size: number) => `a@${"b.".repeat(size / 2)}`],
  ])("takes under 5 ms of CPU for 1 MB of %s", (_what, textOf) => {
    const text = textOf(1_000_000);
    // The least of five, because the figure includes the other threads of this process.
    expect(Math.min(...Array.from({ length: 5 }, () => cpuMsOf(() => redact(text))))).toBeLessThan(5);
  });
});

function cpuMsOf(act: () => void): number {
  const before = process.cpuUsage();
  act();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

describe("redactReason", () => {
  it.each([
    ["550 5.1.1 <ada.lovelace@example.com>: user unknown", "550 5.1.1 <[redacted]>: user unknown"],
    ["550 5.7.26 Unauthenticated email from example.com", "550 5.7.26 Unauthenticated email from example.com"],
    ["421-4.7.28 rate limited 0151 23456789", "421-4.7.28 rate limited [redacted]"],
    ["550 5.7.26 0151 23456789 is no mailbox", "550 5.7.26 [redacted] is no mailbox"],
    ['RCPT TO:<"ada lovelace"@example.com> refused', "RCPT TO:<[redacted]> refused"],
    ["no route to ada@localhost or ada@[192.168.0.1]", "no route to [redacted] or [redacted]"],
    ["GET /v3/users/ada%40example.com: 404", "GET /v3/users/[redacted]: 404"],
    ["Invalid token: abc123", "Invalid token: [redacted]"],
    ["Invalid API key 're_4f9Xk2'", "Invalid API key '[redacted]'"],
    ['{"api_key":"s3cr3t-one","code":401}', '{"api_key":"[redacted]","code":401}'],
    [
      "The provided authorization grant SG.aBcDeF123.xYz_987-ab is revoked",
      "The provided authorization grant [redacted] is revoked",
    ],
    ["Authenticate AC0123456789abcdef0123456789abcdef", "Authenticate [redacted]"],
    ["jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc_DEF expired", "jwt [redacted] expired"],
    ["cXyZ_1:APA91bHPRgkF3JUikC4ENAHEeMrd41Zxv3hVZjC9KtT8OvPVGJ-hQMRKRrZuJA is gone", "[redacted] is gone"],
    [`device ${"ab12".repeat(16)} is gone`, "device [redacted] is gone"],
    [
      '"ExponentPushToken[abcdefgh]" is not a registered recipient',
      '"ExponentPushToken[[redacted]]" is not a registered recipient',
    ],
    ["POST https://hooks.slack.com/services/T0/B0/abc failed", "POST https://hooks.slack.com/[redacted] failed"],
    ["https://user:pw@api.example.com?sig=x timed out", "https://[redacted]@api.example.com/[redacted] timed out"],
    ["The 'To' number whatsapp:+4915123456789 is not valid", "The 'To' number whatsapp:[redacted] is not valid"],
    ["connect ETIMEDOUT smtp2.eu.example.com:587", "connect ETIMEDOUT smtp2.eu.example.com:587"],
    ["messaging/registration-token-not-registered", "messaging/registration-token-not-registered"],
    [
      "Invalid token given; the key is missing, Basic authentication failed",
      "Invalid token given; the key is missing, Basic authentication failed",
    ],
    ["timestamp '2026-03-01T15:00:00.000Z' is past", "timestamp '2026-03-01T15:00:00.000Z' is past"],
    ["no answer within 30000 ms", "no answer within 30000 ms"],
  ])("keeps of %j what says why", (said, kept) => {
    expect(redactReason(said)).toBe(kept);
  });

  it("is a text that every store keeps: no NUL, no half of a character", () => {
    const texts = ["a\u0000b", `${"x".repeat(199)}💥`, "a\ud83d b", "line\r\nbreak\u001b[31m"];
    expect(texts.map((text) => redactReason(text).slice(-12))).toEqual(
      ["a\ufffdb", "xxxxxxxxxxx\ufffd", "a\ufffd b", "ne  break [31m"].map((text) => text.slice(-12)),
    );
  });

  it("takes time in proportion to what a stranger has written", () => {
    const startedAt = performance.now();
    for (const part of ["a@", "https://", "token ", '"', "1 ", "a.", "%40", "key=key="])
      redactReason(part.repeat(100_000));
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});
