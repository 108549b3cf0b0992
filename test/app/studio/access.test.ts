import { get as httpGet } from "node:http";
import { describe, expect, it } from "vitest";
import { openApp } from "../../../src/app.ts";
import { createLog } from "../../../src/lib/log.ts";
import { testFolder } from "../../support/folder.ts";
import { testProduct } from "../../support/product/product.ts";
import { testSandbox } from "../../support/sandbox.ts";
import { cookieOf, logIn, productionStudio, STUDIO_SECRET, visitor } from "../../support/studio.ts";

const HOUR_MS = 60 * 60 * 1000;

describe("the studio in production", () => {
  it("does not exist without a secret", async () => {
    await using sandbox = await testSandbox();
    using folder = testFolder();
    const config = { ...sandbox.config, port: 0, dataDir: folder.path };
    const app = await openApp(config, { product: testProduct, log: createLog({ level: "silent" }) });
    for (const path of ["", "/login", "/runs", "/api/runs", "/style.css"])
      expect((await fetch(`${app.url}/studio${path}`)).status).toBe(404);
    await app.stop();
  });

  it("redirects to the login, and after it to the wanted page", async () => {
    await using studio = await productionStudio();
    const turnedAway = await fetch(`${studio.url}/runs?q=ada`, { redirect: "manual" });
    expect([turnedAway.status, turnedAway.headers.get("location")]).toEqual([
      303,
      "/studio/login?to=%2Fstudio%2Fruns%3Fq%3Dada",
    ]);
    expect((await fetch(`${studio.url}/api/runs`)).status).toBe(401);
    expect((await fetch(`${studio.url}/live`)).status).toBe(401);
    const login = await fetch(turnedAway.headers.get("location")!.replace("/studio", studio.url));
    const form = await login.text();
    expect(form).toContain('name="to" value="/studio/runs?q=ada"');
    expect(form).not.toContain("<script");
    for (const elsewhere of ["https://evil.example", "//evil.example/studio", "/webhooks", "/studio/../r/x"]) {
      const page = await (await fetch(`${studio.url}/login?to=${encodeURIComponent(elsewhere)}`)).text();
      expect(page).toContain('name="to" value="/studio"');
    }
  });

  it("accepts the right secret, and has a session of 12 hours in a cookie for itself only", async () => {
    await using studio = await productionStudio();
    const wrong = await logIn(studio.url, "open sesame, pleasf");
    expect([wrong.status, cookieOf(wrong)]).toEqual([401, ""]);
    const right = await logIn(studio.url);
    expect([right.status, right.headers.get("location")]).toEqual([303, "/studio"]);
    expect(right.headers.get("set-cookie")).toMatch(
      /^studio_session=[\w.-]+; Path=\/studio; Expires=[^;]+; HttpOnly; SameSite=Strict$/,
    );
    const { get } = visitor(studio.url, cookieOf(right));
    expect((await get("/runs")).status).toBe(200);
    expect(JSON.stringify(studio.logged())).not.toContain(STUDIO_SECRET);

    await studio.sandbox.clock.travelBy(12 * HOUR_MS - 1, studio.sandbox.settled);
    expect((await get("/runs")).status).toBe(200);
    await studio.sandbox.clock.travelBy(2, studio.sandbox.settled);
    expect((await get("/runs")).status).toBe(303);
  });

  it("has a secure cookie over https", async () => {
    await using studio = await productionStudio();
    const proxied = await logIn(studio.url, STUDIO_SECRET, { "x-forwarded-proto": "https" });
    expect(proxied.headers.get("set-cookie")).toContain("; Secure");
    await using known = await productionStudio({ publicUrl: "https://bridge.example" });
    expect((await logIn(known.url)).headers.get("set-cookie")).toContain("; Secure");
  });

  it("accepts no forged cookie", async () => {
    await using studio = await productionStudio();
    const cookie = cookieOf(await logIn(studio.url));
    const [name = "", value = ""] = cookie.split("=");
    const [id, expires, signature] = value.split(".");
    for (const forged of [
      "",
      `${id}.${expires}.`,
      `${id}.${expires}.${signature?.slice(0, -2)}AA`,
      `${id}.${Number(expires) + HOUR_MS}.${signature}`,
      `other.${expires}.${signature}`,
    ])
      expect((await visitor(studio.url, `${name}=${forged}`).get("/runs")).status).toBe(303);

    await using other = await productionStudio({ studioSecret: "another secret that opens" });
    expect((await visitor(other.url, cookie).get("/runs")).status).toBe(303);
  });

  it("accepts no form without its token, or from another site", async () => {
    await using studio = await productionStudio();
    const mine = visitor(studio.url, cookieOf(await logIn(studio.url)));
    const others = visitor(studio.url, cookieOf(await logIn(studio.url)));
    const token = /name="token" value="([^"]+)"/.exec(await others.text("/queue"))?.[1] ?? "";
    const press = async (form?: Record<string, string>, headers?: Record<string, string>) =>
      (await mine.post("/queue/redrive", { which: "all", ...form }, headers)).status;

    expect(await press({ token: "" })).toBe(403);
    expect(await press({ token })).toBe(403);
    expect(await press({}, { origin: "https://evil.example" })).toBe(403);
    expect(await press({}, { origin: "null" })).toBe(403);
    expect(await press({}, { "sec-fetch-site": "same-site" })).toBe(403);
    expect(await press()).toBe(303);
    expect(await press({}, { origin: new URL(studio.url).origin })).toBe(303);
    // As a browser sends it from a page with `referrer-policy: no-referrer`.
    expect(await press({}, { origin: "null", "sec-fetch-site": "same-origin" })).toBe(303);

    expect((await logIn(studio.url, STUDIO_SECRET, { origin: "https://evil.example" })).status).toBe(403);
    expect((await mine.post("/logout", { token: "" })).status).toBe(403);
    expect((await mine.get("/runs")).status).toBe(200);
  });

  it("logs out one session and no other", async () => {
    await using studio = await productionStudio();
    const [one, other] = await Promise.all(
      [0, 1].map(async () => visitor(studio.url, cookieOf(await logIn(studio.url)))),
    );
    expect((await one!.post("/logout")).headers.get("set-cookie")).toMatch(/^studio_session=; Path=\/studio/);
    expect((await one!.get("/runs")).status).toBe(303);
    expect((await other!.get("/runs")).status).toBe(200);
  });

  it("delays wrong secrets, and accepts the right one at once during many of them", { tags: ["long"] }, async () => {
    await using studio = await productionStudio();
    const guesses = Array.from({ length: 130 }, () => logIn(studio.url, "a guess that is wrong"));
    for (let login = 0; login < 12; login += 1) expect((await logIn(studio.url)).status).toBe(303);
    const statuses = (await Promise.all(guesses)).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    expect(statuses.filter((status) => status === 401).length).toBeGreaterThanOrEqual(100);
  });

  it("has a log-out for all processes and after a restart", async () => {
    await using studio = await productionStudio();
    const cookie = cookieOf(await logIn(studio.url));
    const { app, ...restarted } = await studio.restart();
    const url = `${app.url}/studio`;
    const here = visitor(url, cookie);
    expect((await here.get("/runs")).status).toBe(200);
    await here.post("/logout");
    expect((await here.get("/runs")).status).toBe(303);
    const again = await restarted.restart();
    expect((await visitor(`${again.app.url}/studio`, cookie).get("/runs")).status).toBe(303);
  });
});

describe("the studio in the sandbox", () => {
  it("is open to this machine, by its own name only", async () => {
    await using sandbox = await testSandbox();
    const url = `${sandbox.app.url}/studio`;
    expect((await fetch(url)).status).toBe(200);
    expect((await fetch(`${url}/login`)).status).toBe(404);
    // fetch sets this header itself.
    const rebound = await new Promise((resolve, reject) => {
      httpGet(url, { headers: { host: "evil.example" } }, ({ statusCode }) => resolve(statusCode)).on("error", reject);
    });
    expect(rebound).toBe(403);
    const here = visitor(url);
    expect((await here.post("/queue/redrive", { which: "all", token: "guessed" })).status).toBe(403);
  });
});
