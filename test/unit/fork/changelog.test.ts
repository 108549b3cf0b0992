import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { sectionsIn, youHaveTo } from "../../../src/fork/upgrade/changelog.ts";
import { compareReleases, isRelease } from "../../../src/fork/upgrade/version.ts";

const read = (name: string) => readFileSync(new URL(`../../../${name}`, import.meta.url), "utf8");
const { version: ours } = JSON.parse(read("package.json")) as { version: string };

const CHANGELOG = `# Changelog

## Unreleased

### You have to

- Wait.

## 0.10.0 (2026-05-01)

### You have to

- Do ten.

## 0.3.0

### New

- Three.

## 0.2.0 (not yet released)

Text.

### You have to

**Settings.**

- Do two.

### New

- Two.
`;

describe("CHANGELOG.md", () => {
  const sections = sectionsIn(read("CHANGELOG.md"));

  it("begins with what is unreleased, then has releases, the newest first", () => {
    const [unreleased, ...releases] = sections.map(({ version }) => version);
    expect([unreleased, releases.filter((version) => !isRelease(version))]).toEqual(["Unreleased", []]);
    expect(releases).toEqual(releases.toSorted(compareReleases).reverse());
    expect(releases).toContain(ours);
    expect(read("CHANGELOG.md").match(/^## /gm)).toHaveLength(sections.length);
  });

  it("has in each section only the parts that an upgrade knows", () => {
    const titles = sections.flatMap(({ text }) => [...text.matchAll(/^### (.+)$/gm)].map(([, title]) => title));
    expect(titles.filter((title) => title !== "You have to" && title !== "New")).toEqual([]);
  });

  it("can be read by an upgrade", () => {
    const [first] = youHaveTo(read("CHANGELOG.md"), { from: "0.0.0", to: ours });
    expect(first).toEqual({ version: "0.1.0", text: expect.stringMatching(/\w/) });
    expect(first?.text).not.toContain("### ");
  });
});

it.each([
  ["0.1.0", "0.2.0", ["0.2.0"]],
  ["0.2.0", "0.10.0", ["0.10.0"]],
  ["0.1.0", "0.10.0", ["0.2.0", "0.10.0"]],
  ["0.10.0", "0.10.0", []],
])("an upgrade from %s to %s has to do %j", (from, to, expected) => {
  expect(youHaveTo(CHANGELOG, { from, to }).map(({ version }) => version)).toEqual(expected);
});

it("shows the whole part of a version and nothing else", () => {
  expect(youHaveTo(CHANGELOG, { from: "0.1.0", to: "0.3.0" })).toEqual([
    { version: "0.2.0", text: "**Settings.**\n\n- Do two." },
  ]);
});

it("knows releases from other tags", () => {
  expect(["v0.2.0", "0.2.0", "v0.2.0-rc.1", "version-2", "v2"].map(isRelease)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});
