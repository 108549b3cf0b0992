import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { SUPPORTED_NODE } from "../../../src/lib/supported-node.ts";

const root = new URL("../../../", import.meta.url);
const read = (name: string) => readFileSync(new URL(name, root), "utf8");
const lines = SUPPORTED_NODE.map((version) => version.split(".")[0]);

describe("Node, wherever it is named", () => {
  it("is tested by CI on each line that gets security fixes, and on 20.20, with all that npm run check does", () => {
    const { jobs } = parse(read(".github/workflows/ci.yml")) as {
      jobs: { check: { strategy: { matrix: { node: string[] } }; steps: Array<{ run?: string }> } };
    };
    expect(jobs.check.strategy.matrix.node).toEqual(["20.20", ...lines]);
    expect(jobs.check.steps.map(({ run }) => run)).toContain("npm run check");
  });

  it("is a line with security fixes in the image, in every other workflow and in the guide's examples", () => {
    const images = [...read("Dockerfile").matchAll(/node:(\d+)-/g)];
    const workflows = readdirSync(new URL(".github/workflows/", root)).flatMap((name) => [
      ...read(`.github/workflows/${name}`).matchAll(/node-version: "(\d+)/g),
    ]);
    const examples = [...read(".github/guides/ci.md").matchAll(/(?:image: |cimg\/)node:(\d+)/g)];
    expect([images.length, workflows.length, examples.length].every((count) => count > 0)).toBe(true);
    expect(new Set([...images, ...workflows, ...examples].map(([, line]) => line))).toEqual(new Set(["24"]));
    expect(lines).toContain("24");
  });

  it("has its releases with security fixes in the README", () => {
    for (const version of SUPPORTED_NODE) expect(read("README.md")).toContain(version);
  });
});
