import { UsageError } from "../../lib/command.ts";
import type { Git } from "../git.ts";
import { compareReleases, isRelease } from "./version.ts";

/** Two releases, without the "v" of their tags, and the refs under which git has them here. */
export interface Releases {
  from: string;
  to: string;
  fromRef: string;
  toRef: string;
}

/**
 * Fetches the tag of the present version and that of `wanted`, or else of the newest release. Null if the present one
 * is the newest.
 */
export async function fetchReleases(
  git: Git,
  { present, wanted }: { present: string; wanted: string | undefined },
): Promise<Releases | null> {
  if (!isRelease(present))
    throw new Error(
      `the version ${JSON.stringify(present)} in package.json is no release: set it to the one that this fork comes from, such as 0.1.0`,
    );
  if (wanted !== undefined && !isRelease(wanted))
    throw new UsageError(`"${wanted}" is no release; --to takes a tag such as v0.2.0`);
  const all = await releasesOf(git);
  const to = wanted === undefined ? all.at(-1) : wanted.replace(/^v/, "");
  if (to === undefined) throw new Error("upstream has no tags such as v0.2.0");
  for (const version of [present, to])
    if (!all.includes(version)) throw new Error(`upstream has no tag v${version}; it has ${tagsText(all)}`);
  const order = compareReleases(to, present);
  if (order === 0) return null;
  if (order < 0) throw new Error(`v${to} is older than this checkout, which comes from v${present}`);

  // Not among the fork's own tags.
  const [fromRef, toRef] = [`refs/upgrade/v${present}`, `refs/upgrade/v${to}`];
  const refspecs = [`+refs/tags/v${present}:${fromRef}`, `+refs/tags/v${to}:${toRef}`];
  await git("fetch", "--quiet", "--no-tags", "upstream", ...refspecs).catch((error: unknown) => {
    throw new Error("the tags could not be fetched; nothing is changed. Try again", { cause: error });
  });
  return { from: present, to, fromRef, toRef };
}

/** The releases of upstream, the oldest first. */
async function releasesOf(git: Git): Promise<string[]> {
  const listed = await git("ls-remote", "--tags", "--refs", "upstream").catch((error: unknown) => {
    throw new Error("upstream does not answer; nothing is changed. Look at git remote -v, and try again", {
      cause: error,
    });
  });
  const tags = [...listed.matchAll(/\trefs\/tags\/(v\S+)$/gm)].map(([, tag = ""]) => tag);
  return tags
    .filter(isRelease)
    .map((tag) => tag.slice(1))
    .sort(compareReleases);
}

function tagsText(releases: string[]): string {
  return releases.length === 0 ? "none" : releases.map((one) => `v${one}`).join(", ");
}
