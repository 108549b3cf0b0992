import { describe, expect, it } from "vitest";
import { z } from "zod";
import { lifecycle } from "../../../src/engine/lifecycle.ts";
import { webUrl } from "../../../src/engine/web-url.ts";
import { event } from "../../support/facts.ts";

const FALLBACK = "https://app.shop.example/cart";

function read(properties: Record<string, unknown>, hosts?: string[]) {
  const link = webUrl(FALLBACK, hosts && { hosts });
  return lifecycle({
    id: "w",
    name: "W",
    description: "",
    category: "transactional",
    on: [],
    payload: z.object({ url: link, plan: z.string().optional(), items: z.array(z.object({ url: link })).optional() }),
    from: () => properties as { url: unknown; plan: unknown; items: unknown },
    workflow: async () => {},
  }).payloadOf(event());
}

describe("a link of an event", () => {
  it.each([
    ["https://app.shop.example/cart?id=1#pay", undefined],
    ["http://app.shop.example", "http://app.shop.example/"],
    ["https://eu.app.shop.example/cart", undefined],
    ["https://app.shop.example:8443/cart", undefined],
    ["https://APP.Shop.Example/Cart", "https://app.shop.example/Cart"],
    ["https://app.shop.example./cart", undefined],
    ["https://app.shop.example/straße?q=ü", "https://app.shop.example/stra%C3%9Fe?q=%C3%BC"],
    // Other programs than browsers take the part behind the @ for the host.
    ["https://app.shop.example\\@evil.example/", "https://app.shop.example/@evil.example/"],
    ["https:app.shop.example/cart", "https://app.shop.example/cart"],
    [" https://app.shop.\texample/cart\n", "https://app.shop.example/cart"],
  ])("may lead to the host of the fallback and below it: %j", (url, taken = url) => {
    expect(read({ url })).toEqual({ payload: { url: taken } });
  });

  it.each([
    "https://evil.example/",
    "https://shop.example/",
    "https://app.shop.example@evil.example/",
    "https://app.shop.example:password@evil.example/",
    "https://evil.example\\@app.shop.example/",
    "https://evil.example#@app.shop.example/",
    "https://evil.example?.app.shop.example",
    "https://app.shop.example.evil.example/",
    "https://evilapp.shop.example/",
    "https://app.shop.example../",
    "https://app.shop.ехample/",
    "https://app.shop.example\u3002evil.example/",
    "https:\\\\evil.example/",
    "https:/evil.example",
    "https:///evil.example",
    "HTTPS://EVIL.EXAMPLE:443/",
    "http://127.0.0.1/",
    "http://[::1]/",
  ])("is replaced when it leads elsewhere: %j", (url) => {
    expect(read({ url, plan: "pro" })).toEqual({
      payload: { url: FALLBACK, plan: "pro" },
      notes: ["url: leads to no host of app.shop.example"],
    });
  });

  it.each(["javascript:alert(1)", "data:text/html,x", "ftp://app.shop.example/", "//evil.example", "/cart", "cart", 5])(
    "is refused when it is none to the web: %j",
    (url) => {
      expect(read({ url })).toEqual({ misfit: expect.stringMatching(/^url: (?!leads)[^;]+$/) });
    },
  );

  it("may lead to each host that is named, in any spelling", () => {
    const hosts = ["Shop.Example:8443", "bücher.example"];
    for (const url of ["https://shop.example/", "https://a.b.shop.example/", "https://xn--bcher-kva.example/"])
      expect(read({ url }, hosts)).toEqual({ payload: { url } });
    expect(read({ url: "https://evil.example/" }, hosts)).toMatchObject({
      notes: ["url: leads to no host of shop.example, xn--bcher-kva.example"],
    });
    expect(read({ url: FALLBACK }, ["elsewhere.example"])).toEqual({ payload: { url: FALLBACK } });
  });

  it("is replaced at any depth, and named by its place", () => {
    const own = { url: "https://app.shop.example/1" };
    const foreign = { url: "https://evil.example/" };
    expect(read({ ...foreign, items: [own, foreign] })).toEqual({
      payload: { url: FALLBACK, items: [own, { url: FALLBACK }] },
      notes: ["url: leads to no host of app.shop.example", "items.1.url: leads to no host of app.shop.example"],
    });
  });

  it("saves no event that does not fit for another reason", () => {
    expect(read({ url: "https://evil.example/", plan: 5 })).toEqual({
      misfit: expect.stringMatching(/^url: leads to no host of app\.shop\.example; plan: [^;]+$/),
    });
  });
});
