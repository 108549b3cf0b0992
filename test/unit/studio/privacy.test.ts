import { describe, expect, it } from "vitest";
import { conceal, createSeal, maskText } from "../../../src/studio/privacy.ts";

const { seal, open } = createSeal(Buffer.alloc(32, 7));

describe("maskText", () => {
  it.each([
    ["ada@example.com", "a•••@e•••.com"],
    ["does not fit: ada.l+x@mail.example.co.uk.", "does not fit: a•••@m•••.uk"],
    ["<ada@example.com>, grace@navy.mil", "<a•••@e•••.com>, g•••@n•••.mil"],
    ["https://x.example/?email=ada%40example.com&a=1", "https://x.example/?email=a•••@e•••.com&a=1"],
    ["mailto:ada@example.com", "mailto:a•••@e•••.com"],
    ["call +49 (151) 123-4567 now", "call +•••••67 now"],
    ["0190f1d2-6a4b-7c1e-8f00-3b9f5c2d7e44:onboarding", "0190f1d2-6a4b-7c1e-8f00-3b9f5c2d7e44:onboarding"],
    ["2026-03-02T09:00:00.000Z", "2026-03-02T09:00:00.000Z"],
    ["@handle and a @ b", "@handle and a @ b"],
  ])("%s", (text, masked) => {
    expect(maskText(text)).toBe(masked);
  });

  it("takes a long text in its stride", () => {
    const long = `${"a".repeat(1_000_000)}@${"b.".repeat(500_000)}`;
    expect(maskText(long)).toBe("a•••@b•••.b");
  });
});

describe("conceal", () => {
  it("leaves no address in what a page shows, and seals what its links need", () => {
    const { model, hidden } = conceal(
      {
        distinctId: "ada@example.com",
        personRef: "ada@example.com",
        runRef: "u:onboarding",
        body: "anything at all",
        count: 4915112345678,
        properties: {
          phone: 4915112345678,
          note: "015112345678",
          first_name: "Ada",
          $ip: "203.0.113.7",
          plan: "pro",
          nested: [{ "ada@example.com": { shipping_address: "1 Main St" } }],
          at: "2026-03-02",
        },
      },
      seal,
    );
    expect(hidden).toBe(true);
    expect(model).toEqual({
      distinctId: "a•••@e•••.com",
      personRef: expect.stringMatching(/^~[\w-]+$/),
      runRef: "u:onboarding",
      body: null,
      count: 4915112345678,
      properties: {
        phone: "•••",
        note: "•••••78",
        first_name: "•••",
        $ip: "•••",
        plan: "pro",
        nested: [{ "a•••@e•••.com": { shipping_address: "•••" } }],
        at: "2026-03-02",
      },
    });
    expect(open(model.personRef)).toBe("ada@example.com");
  });

  it("says when there was nothing to hide", () => {
    expect(conceal({ distinctId: "ada", properties: { plan: "pro" } }, seal).hidden).toBe(false);
  });

  it("opens only what was sealed with its key", () => {
    const other = createSeal(Buffer.alloc(32, 8));
    expect(seal("ada@example.com")).toBe(seal("ada@example.com"));
    expect(other.open(seal("ada@example.com"))).toBe(seal("ada@example.com"));
    expect(open("~ada")).toBe("~ada");
  });
});
