import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMMANDS, type CommandName } from "../../src/commands/index.ts";
import { readConfig } from "../../src/config.ts";
import { surroundingsOf } from "../../src/environment.ts";
import { variablesIn } from "../../src/lib/env-file.ts";
import { createLog } from "../../src/lib/log.ts";
import { devOf } from "../../src/sandbox/dev/dev-command.ts";
import { openDev } from "../../src/sandbox/dev/open-dev.ts";
import { choosePorts } from "../../src/sandbox/dev/ports.ts";
import { watchOf } from "../../src/sandbox/dev/watch-command.ts";
import { eventOf } from "../../src/sandbox/event-command.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { run } from "../support/command.ts";
import { withFakeNpx } from "../support/fake-npx.ts";
import { testFolder } from "../support/folder.ts";
import { freePort } from "../support/free-port.ts";
import { APP_URL } from "../support/product/brand.ts";
import { testProduct } from "../support/product/product.ts";
import { testSamples } from "../support/samples.ts";
import { eventually } from "../support/sandbox.ts";

const product = {
  product: testProduct,
  samples: testSamples,
  firstEvent: { event: "user_signed_up", distinctId: "ada" },
};
const ANY_PORTS = { app: 0, posthog: 0, novu: 0, segment: 0 };
const MARKETING = { MARKETING_CAP: "1 in 2 days", INTERNAL_USERS: "@acme.example,/^o'neill #\\d+$/i" };

describe("the commands beside a sandbox whose clock is days ahead", () => {
  const folder = testFolder();
  const file = join(folder.path, ".env");
  let sandbox: Sandbox;

  beforeAll(async () => {
    sandbox = await openDev(product, {
      dataDir: folder.path,
      ports: ANY_PORTS,
      saved: null,
      env: { ...MARKETING, NOVU_PLAN: "team", NOVU_SECRET_KEY: "a-real-one", PUBLIC_URL: "https://real.example" },
      log: createLog({ level: "silent" }),
    });
    await sandbox.travel({ days: 12 });
  }, 60_000);
  afterAll(async () => {
    await sandbox.stop();
    folder[Symbol.dispose]();
  });

  it("its file has the settings that it runs with, for this user only", () => {
    expect(readConfig(variablesIn(readFileSync(file, "utf8")))).toEqual({
      ...sandbox.config,
      publicUrl: sandbox.app.url,
      port: Number(new URL(sandbox.app.url).port),
      dataDir: resolve(folder.path),
    });
    expect(sandbox.config).toMatchObject({
      internalUsers: [{ domain: "acme.example" }, { pattern: /^o'neill #\d+$/i }],
      marketing: { cap: { most: 1 } },
      novu: { plan: "team", secretKey: "local-novu-secret-key" },
    });
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it.each<[CommandName, string[], number, RegExp]>([
    ["doctor", [], 0, /^No errors\.$/m],
    ["plan", [], 0, /Nothing to do/],
    ["why", ["--person", "ada"], 0, /welcome/],
    ["person", ["export", "ada"], 0, /"distinctId": "ada"/],
    ["redrive", [], 0, /There are no dead jobs/],
    ["redrive", ["--all"], 1, /No dead job matches/],
    ["reconcile", ["--since", "13d"], 0, /[1-9]\d* events? from .* compared, 0 missing/],
    ["reconcile", ["--since", "1h"], 0, /0 events from .* compared/],
    ["connect", [], 0, /^as it is /],
    ["dashboard", [], 0, /\/dashboard\/\d+$/m],
    ["backup", ["FOLDER/copy.db"], 0, /copy\.db: .* MB/],
    ["sync", ["--dry-run"], 0, /Nothing was changed/],
    ["sync", [], 0, /Synced: Novu has \d+ workflows/],
    ["person", ["split", "ada", "--yes"], 0, /No other id is merged/],
    ["person", ["delete", "ada", "--yes"], 0, /here .*done/],
  ])("%s %j ends with %i", async (name, options, code, line) => {
    const { env, now } = await surroundingsOf({ ...withFakeNpx(folder.path), ENV_FILE: file });
    expect(now() - Date.now()).toBeGreaterThan(11 * 24 * 60 * 60 * 1000);
    const args = options.map((option) => option.replace("FOLDER", folder.path));
    const ran = await run(await COMMANDS[name](async () => testProduct), args, { env, now });
    expect([ran.code, ran.stdout, ran.stderr]).toEqual([code, expect.stringMatching(line), expect.any(String)]);
  });

  it("event finds the sandbox by its data folder", async () => {
    const event = eventOf(async () => testSamples);
    const args = ["user_signed_up", "--person", "grace", "--data", folder.path];
    const port = new URL(sandbox.app.url).port;
    for (const source of ["posthog", "segment"])
      expect(await run(event, [...args, "--source", source])).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(new RegExp(`^202 .*\n[^]*See http://localhost:${port}/studio/deliveries/`)),
      });
    const none = join(folder.path, "none");
    expect(await run(event, ["user_signed_up", "--person", "grace", "--data", none])).toMatchObject({
      code: 1,
      stderr: `there is no sandbox in "${none}"; start it with npm run dev\n`,
    });
  });
});

describe("npm run event", () => {
  const folder = testFolder();
  let sandbox: Sandbox;

  beforeAll(async () => {
    const log = createLog({ level: "silent" });
    sandbox = await openDev(product, { dataDir: folder.path, ports: ANY_PORTS, saved: null, env: {}, log });
  }, 60_000);
  afterAll(async () => {
    await sandbox.stop();
    folder[Symbol.dispose]();
  });
  const event = async (...args: string[]) => {
    const { code, stdout } = await run(
      eventOf(async () => testSamples),
      [...args, "--data", folder.path],
    );
    return { code, lines: stdout.trimEnd().split("\n").slice(0, -1) };
  };

  it("prints the runs that the event started and ended, and when the next message is due", async () => {
    const checkout = ["checkout_started", "--person", "linus", "--prop", `checkout_url=${APP_URL}/checkout`];
    const started = await event(...checkout);
    expect(started).toEqual({
      code: 0,
      lines: [
        "202 accepted",
        "started drop-off for linus",
        expect.stringMatching(/^ {2}next: checkout-note \(in_app\), in (1 hour|59 minutes.*), not before 20.* UTC$/),
      ],
    });
    expect(await event(...checkout)).toEqual({
      code: 0,
      lines: [
        "202 accepted",
        "did not start drop-off for linus",
        expect.stringMatching(/^ {2}checkout-note \(in_app\): entered before/),
        expect.stringMatching(/^ {2}recovery \(email\): entered before/),
      ],
    });
    const ended = await event("Order Completed", "--person", "linus", "--source", "segment");
    expect(ended).toMatchObject({ code: 0, lines: ["202 accepted", "ended a run of drop-off"] });
  });

  it("says why an event started nothing", async () => {
    const line = /^202 accepted, but does not fit drop-off: checkout_url: /;
    const { code, lines } = await event("checkout_started", "--person", "margaret");
    expect([code, lines]).toEqual([0, [expect.stringMatching(line), "No run started or ended."]]);
    expect(await event("checkout_started", "--person", "$anonymous")).toEqual({
      code: 0,
      lines: [expect.stringMatching(/^202 ignored: /), "No run started or ended."],
    });
  });

  it("has a suggestion for a mistyped name, and exits 1", async () => {
    const says = (line: string) => ({ code: 1, stdout: expect.stringContaining(line) });
    const args = ["--person", "linus", "--data", folder.path];
    const ran = await run(
      eventOf(async () => testSamples),
      ["checkout_strated", ...args],
    );
    expect(ran).toMatchObject(says("no workflow uses it. Do you mean checkout_started?\n"));
    const segment = await run(
      eventOf(async () => testSamples),
      ["Order Complete", "--source", "segment", ...args],
    );
    expect(segment).toMatchObject(says('Do you mean "Order Completed"?\n'));
  });
});

describe("npm run dev", () => {
  const start = async (dataDir: string, args: string[], { env = {}, watcher = 1 } = {}) => {
    const end = new AbortController();
    // The sandbox writes it again when it is open.
    rmSync(join(dataDir, ".env"), { force: true });
    const running = run(devOf({ ...product, watcher }), ["--data", dataDir, ...args], { env, signal: end.signal });
    const hasEnded = running.then(({ stderr }) => {
      throw new Error(`it ended: ${stderr}`);
    });
    await Promise.race([hasEnded, eventually(() => existsSync(join(dataDir, ".env")))]);
    const settings = variablesIn(readFileSync(join(dataDir, ".env"), "utf8"));
    end.abort();
    const ran = await running;
    // A kept connection to the same port would end during the next start.
    for (const url of [settings.PUBLIC_URL, settings.POSTHOG_HOST, settings.NOVU_API_URL])
      await expect(fetch(url!)).rejects.toThrow();
    return { ...ran, settings };
  };

  it("takes the port of --port, else of PORT, and prints the form of a command", async () => {
    using folder = testFolder();
    const [one, other] = [await freePort(), await freePort()];
    const first = await start(join(folder.path, "a"), ["--port", String(one)], { env: { PORT: String(other) } });
    expect([first.code, first.settings.PORT]).toEqual([0, String(one)]);
    expect(first.stdout).toContain(`ENV_FILE=${join(folder.path, "a/.env")} npm run why -- --person ada\n`);
    const second = await start(join(folder.path, "b"), [], { env: { PORT: String(other) } });
    expect([second.code, second.settings.PORT]).toEqual([0, String(other)]);
  });

  it("has the same ports and state again when its watcher restarts it, and only then", async () => {
    using folder = testFolder();
    const ports = ({ PORT, POSTHOG_HOST, NOVU_API_URL, SEGMENT_PROFILE_HOST }: Record<string, string>) => [
      ...[PORT, POSTHOG_HOST, NOVU_API_URL, SEGMENT_PROFILE_HOST],
    ];
    await using _taken = await listenAtUsual();
    const before = await start(folder.path, []);
    const again = await start(folder.path, ["--fresh"]);
    expect(ports(again.settings)).toEqual(ports(before.settings));
    const other = await start(folder.path, [], { watcher: 2 });
    expect(ports(other.settings)).not.toEqual(ports(before.settings));
  });

  it.each([
    [["--port", "TAKEN"], {}, "port TAKEN, which --port asks for, is taken; "],
    [[], { PORT: "TAKEN" }, "port TAKEN, which PORT asks for, is taken; "],
    [["--port", "http"], {}, '--port "http" is not a port'],
    [["--prot", "1"], {}, "Unknown option '--prot'"],
  ])("ends before it watches: %j %j", async (options, env: Record<string, string>, message) => {
    await using taken = await listen(0);
    const watched: string[][] = [];
    const withPort = (text: string) => text.replace("TAKEN", String(taken.port));
    const { code, stderr } = await run(
      watchOf(async (args) => void watched.push(args)),
      options.map(withPort),
      { env: Object.fromEntries(Object.entries(env).map(([name, text]) => [name, withPort(text)])) },
    );
    expect([code > 0, stderr, watched]).toEqual([true, expect.stringContaining(withPort(message)), []]);
  });

  it("watches with its options, and not for --help", async () => {
    const watched: string[][] = [];
    const watch = watchOf(async (args) => void watched.push(args));
    expect(await run(watch, ["--help"])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^npm run dev /) });
    expect(watched).toEqual([]);
    expect((await run(watch, ["--fresh", "--port", "0", "--data", "here"])).code).toBe(0);
    expect(watched).toEqual([["--data", "here", "--port", "0", "--fresh"]]);
  });
});

describe("the ports of a sandbox", () => {
  it("are the wanted ones that are free, and any others", async () => {
    await using taken = await listen(0);
    const free = await freePort();
    const wanted = { app: taken.port, posthog: free, novu: taken.port, segment: 0 };
    expect(await choosePorts(null, wanted)).toEqual({ app: 0, posthog: free, novu: 0, segment: 0 });
    expect(await choosePorts({ port: free, by: "PORT" }, wanted)).toMatchObject({ app: free, posthog: 0 });
  });
});

/** Takes the usual ports that are free, so that the sandbox gets others. */
async function listenAtUsual(): Promise<AsyncDisposable> {
  const servers = await Promise.allSettled([4000, 4002, 4003, 4004].map(listen));
  return {
    async [Symbol.asyncDispose]() {
      for (const one of servers) if (one.status === "fulfilled") await one.value[Symbol.asyncDispose]();
    },
  };
}

async function listen(port: number): Promise<{ port: number } & AsyncDisposable> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, resolve));
  return {
    port: (server.address() as { port: number }).port,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
