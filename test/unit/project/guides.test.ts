import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { Settings, SettingsWithPostHog } from "../../../src/settings.ts";
import { START_FLAGS } from "../../bench/contestants.ts";
import { testFolder } from "../../support/folder.ts";

const root = new URL("../../../", import.meta.url);
const read = (name: string) => readFileSync(new URL(name, root), "utf8");
const guides = readdirSync(new URL(".github/guides/", root)).map((name) => `.github/guides/${name}`);
const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };

/** Settings of systemd, Node, the platforms, the CI services and a self-hosted Novu. */
const OTHERS = [
  "NOVU_CLI_INSTALL",
  "CI_COMMIT_BRANCH",
  "CI_COMMIT_SHA",
  "CI_DEFAULT_BRANCH",
  "GIT_COMMIT",
  "NOVU_SAFE_OUTBOUND_ALLOW",
  "AF_INET",
  "AF_UNIX",
  "NODE_ENV",
  "NODE_EXTRA_CA_CERTS",
  "RENDER_GIT_COMMIT",
  "RAILWAY_GIT_COMMIT_SHA",
  // Names the file with the settings.
  "ENV_FILE",
  // The guide's example of a mistaken name.
  "INTERNAL_USER",
  // In the code, and in the tests' own script.
  "SUBSCRIBER_DATA",
  "POSTGRES_OPTIONS",
  // The sample's own, in the guide of the Inbox.
  "BRIDGE_URL",
  "NEXT_PUBLIC_NOVU_APP",
];

const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0;
if (!hasSystemd) process.stderr.write("no systemd-analyze: the guide's unit is not verified\n");

describe("the guides", () => {
  it.each(guides)("%s names only scripts and settings that exist, and is in the README", (guide) => {
    const text = read(guide);
    const named = [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, script = ""]) => script);
    expect(named.filter((script) => scripts[script] === undefined)).toEqual([]);
    // Of code, what it says and not what it is made of.
    const words = guide.endsWith(".js") ? [...text.matchAll(/\/\/.*|"[^"]*"/g)].join("\n") : text;
    const settings = [...words.matchAll(/\b[A-Z]+(?:_[A-Z]+)+\b/g)].map(([setting]) => setting);
    expect(settings.filter((one) => !OTHERS.includes(one) && !(one in Settings.shape))).toEqual([]);
    expect(read("README.md")).toContain(`](${guide})`);
  });

  it("name only metrics that exist", () => {
    const source = read("src/http/metrics.ts");
    const namesIn = (kind: string) => [...source.matchAll(new RegExp(`= ${kind}\\(\\s*"(\\w+)"`, "g"))];
    const there = [
      ...namesIn("counter").map(([, name]) => `bridge_${name}_total`),
      ...namesIn("gauge").map(([, name]) => `bridge_${name}`),
    ];
    const named = guides.flatMap((guide) => [...read(guide).matchAll(/\bbridge_[a-z_]+/g)].map(([metric]) => metric));
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((metric) => !there.includes(metric))).toEqual([]);
  });

  it("start the app as package.json and the Dockerfile do", () => {
    // A shell that stays would keep npm's SIGTERM to itself.
    const [, command = ""] = /^exec (node .+)$/.exec(scripts.start ?? "") ?? [];
    expect(read(".github/guides/run.md").split(command.slice("node ".length))).toHaveLength(2);
    expect(read("Dockerfile")).toContain(`CMD ${JSON.stringify(command.split(" ")).replaceAll(",", ", ")}`);
    expect(command.split(" ").filter((word) => word.startsWith("--"))).toEqual(START_FLAGS);
  });

  it("have files for hosts that start the app as package.json does, check /readyz, and name settings that exist", () => {
    const [, command = ""] = /^exec (node .+)$/.exec(scripts.start ?? "") ?? [];
    const [fly, railway] = [read(".github/hosts/fly.toml"), JSON.parse(read(".github/hosts/railway.json"))];
    const { services } = parse(read(".github/hosts/render.yaml"));
    const [{ dockerCommand, healthCheckPath, envVars }] = services;
    expect(dockerCommand).toContain(command);
    expect([healthCheckPath, railway.deploy.healthcheckPath]).toEqual(["/readyz", "/readyz"]);
    expect(fly).toContain('path = "/readyz"');
    const keys = (envVars as Array<{ key: string }>).map(({ key }) => key);
    expect(keys.filter((key) => !(key in Settings.shape))).toEqual([]);
    const required = Object.entries(SettingsWithPostHog.shape).filter(([, schema]) => !schema.isOptional());
    expect(required.map(([name]) => name).filter((name) => !keys.includes(name))).toEqual([]);
  });

  it.skipIf(!hasSystemd)("have a unit that systemd takes", () => {
    using folder = testFolder();
    const [, unit = ""] = /```ini\n(.+?)```/s.exec(read(".github/guides/run.md")) ?? [];
    expect(unit).toContain("ExecStart=/usr/bin/node ");
    const file = join(folder.path, "posthog-novu-bridge.service");
    const verify = (text: string) => {
      // Wherever Node is on this machine.
      writeFileSync(file, text.replace("/usr/bin/node", process.execPath));
      const { stdout, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", file], { encoding: "utf8" });
      return (stdout + stderr).split("\n").filter((line) => line.includes("posthog-novu-bridge"));
    };
    expect(verify(unit)).toEqual([]);
    expect(verify(unit.replace("StateDirectory=", "StateDirectroy="))).not.toEqual([]);
  });
});
