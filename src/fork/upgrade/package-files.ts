import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Git } from "../git.ts";
import type { Npm } from "../npm.ts";
import { mergeJson } from "./merge-json.ts";
import type { Releases } from "./releases.ts";

type Json = Record<string, unknown>;

const PACKAGE = "package.json";
const LOCK = "package-lock.json";
const DEPENDENCIES = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies", "overrides"];
/** npm's own option for a lock file without the addresses of a registry, which would be those of one network. */
const LOCK_ONLY = "install --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund";

export interface PackageChanges {
  /** Sentences about keys that both have changed. */
  conflicts: string[];
  /** Whether the installed packages are others now. */
  isInstallNeeded: boolean;
}

/** Merges package.json key by key, and makes the lock file for the result. Throws if npm cannot make it. */
export async function mergePackageFiles(
  { git, npm, root }: { git: Git; npm: Npm; root: string },
  releases: Releases,
): Promise<PackageChanges> {
  const { merged, bothChanged } = mergeJson(await sidesOf(PACKAGE));
  write(PACKAGE, { ...merged, version: releases.to });
  const before = installedBy(LOCK);
  await makeLock(merged);
  const changed = [PACKAGE, LOCK].filter((file) => existsSync(join(root, file)));
  await git("add", "--", ...changed);
  return {
    conflicts: bothChanged.map(
      ({ key, ours, theirs }) =>
        `${PACKAGE}: ${key} is ${JSON.stringify(ours) ?? "deleted"} here, which stays, and ${JSON.stringify(theirs) ?? "deleted"} in v${releases.to}`,
    ),
    isInstallNeeded: !isDeepStrictEqual(installedBy(LOCK), before),
  };

  /** Without dependencies of the fork's own, the lock file is the release's. */
  async function makeLock(merged: Json): Promise<void> {
    const { base, ours, theirs } = await sidesOf(LOCK);
    if (Object.keys(ours).length === 0) return;
    const release = JSON.parse(await git("show", `${releases.toRef}:${PACKAGE}`)) as Json;
    if (DEPENDENCIES.every((name) => isDeepStrictEqual(merged[name], release[name]))) {
      write(LOCK, withNames(theirs, { ...merged, version: releases.to }));
      return;
    }
    write(LOCK, { ...theirs, packages: { ...addedBy(ours, base), ...(theirs.packages as Json) } });
    const { code, output } = await npm(...LOCK_ONLY.split(" "));
    if (code !== 0)
      throw new Error(
        `npm cannot make ${LOCK}. Everything else is in place: run npm ${LOCK_ONLY}, then npm ci, git add --all and git commit.\n${output.slice(-2_000)}`,
      );
  }

  async function sidesOf(file: string): Promise<{ base: Json; ours: Json; theirs: Json }> {
    const at = async (ref: string) => JSON.parse(await git("show", `${ref}:${file}`).catch(() => "{}")) as Json;
    return { base: await at(releases.fromRef), ours: await at("HEAD"), theirs: await at(releases.toRef) };
  }

  function installedBy(lock: string): Json {
    if (!existsSync(join(root, lock))) return {};
    const { "": _project, ...packages } = (JSON.parse(readFileSync(join(root, lock), "utf8")) as Json).packages as Json;
    return packages;
  }

  function write(file: string, value: object): void {
    writeFileSync(join(root, file), `${JSON.stringify(value, null, 2)}\n`);
  }
}

/** The packages that only the fork has, in the versions that it has. */
function addedBy({ packages: ours = {} }: Json, { packages: base = {} }: Json): Json {
  return Object.fromEntries(Object.entries(ours as Json).filter(([name]) => !Object.hasOwn(base as Json, name)));
}

/** The lock file has the name and the version of package.json in two places. */
function withNames(lock: Json, { name, version }: Json): Json {
  const { "": project, ...packages } = lock.packages as Record<string, Json>;
  return { ...lock, name, version, packages: { "": { ...project, name, version }, ...packages } };
}
