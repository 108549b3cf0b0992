import { compareReleases, isRelease } from "./version.ts";

interface Section {
  /** 0.2.0, or Unreleased. */
  version: string;
  text: string;
}

/** The sections of CHANGELOG.md in order. A heading is "## 0.2.0", with or without a remark in brackets. */
export function sectionsIn(changelog: string): Section[] {
  return [...changelog.matchAll(/^## (\S+)(?: \(.+\))?\n([\s\S]*?)(?=^## |$(?![\s\S]))/gm)].map(
    ([, version = "", text = ""]) => ({ version, text }),
  );
}

/** "You have to" of each version after `from`, up to `to`, the oldest first. A version without such lines is left out. */
export function youHaveTo(changelog: string, { from, to }: { from: string; to: string }): Section[] {
  return sectionsIn(changelog)
    .filter(
      ({ version }) => isRelease(version) && compareReleases(version, from) > 0 && compareReleases(version, to) <= 0,
    )
    .sort((a, b) => compareReleases(a.version, b.version))
    .map(({ version, text }) => ({ version, text: partOf(text, "You have to") }))
    .filter(({ text }) => text !== "");
}

function partOf(section: string, title: string): string {
  const [, part = ""] = new RegExp(`^### ${title}\\n([\\s\\S]*?)(?=^### |$(?![\\s\\S]))`, "m").exec(section) ?? [];
  return part.trim();
}
