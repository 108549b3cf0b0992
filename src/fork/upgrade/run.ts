import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { RunContext } from "../../lib/command.ts";
import type { CommandIo } from "../../lib/command-io.ts";
import { type Git, gitIn } from "../git.ts";
import { type Npm, npmIn } from "../npm.ts";
import type { OPTIONS } from "../upgrade.ts";
import { applyFiles, filePlan } from "./apply-files.ts";
import { youHaveTo } from "./changelog.ts";
import { mergePackageFiles } from "./package-files.ts";
import type { FilePlan } from "./plan-files.ts";
import { fetchReleases, type Releases } from "./releases.ts";
import { isUndecided, type Upgrade, upgradeJson, upgradeText } from "./report.ts";
import { assertUpgradable } from "./repository.ts";

const CHECKS = ["typecheck", "lint", "test"];

interface Checkout {
  root: string;
  git: Git;
  npm: Npm;
}

export async function run(
  { options: { to: wanted, json, "no-checks": noChecks, "dry-run": isDryRun }, io }: RunContext<typeof OPTIONS>,
  { root, npm = npmIn(root) }: { root: string; npm?: Npm | undefined },
): Promise<number> {
  const git = gitIn(root);
  await assertUpgradable(git);
  const { version: present } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  const releases = await fetchReleases(git, { present, wanted });
  if (releases === null) {
    io.print(json ? JSON.stringify({ from: `v${present}`, to: `v${present}` }) : `v${present} is here already.`);
    return 0;
  }
  const plan = await filePlan(git, releases);
  const changelog = await git("show", `${releases.toRef}:CHANGELOG.md`).catch(() => "");
  const upgrade: Upgrade = {
    ...{ releases, plan, isDryRun, branch: `upgrade-to-v${releases.to}` },
    haveTo: youHaveTo(changelog, releases),
    ...{ conflicts: [], bothChanged: [], checks: [] },
  };
  if (!isDryRun) await apply(upgrade, { root, git, npm }, noChecks ? [] : CHECKS, io);
  io.print(json ? upgradeJson(upgrade) : upgradeText(upgrade));
  if (isUndecided(upgrade) && !isDryRun) return 1;
  return upgrade.checks.some(({ hasPassed }) => !hasPassed) ? 3 : 0;
}

/** Changes the checkout, and notes the results in `upgrade`. */
async function apply(upgrade: Upgrade, checkout: Checkout, checks: string[], io: CommandIo): Promise<void> {
  const { git, npm } = checkout;
  const { releases, branch, plan } = upgrade;
  upgrade.conflicts = await applyOnBranch(git, branch, { plan, releases });
  const { conflicts, isInstallNeeded } = await mergePackageFiles(checkout, releases);
  upgrade.bothChanged = conflicts;
  if (isUndecided(upgrade)) return;

  await git("commit", "--quiet", "--message", `Upgrade to v${releases.to}`).catch((error: unknown) => {
    throw new Error(`everything is in place on ${branch}, and not committed: git commit fails`, { cause: error });
  });
  if (isInstallNeeded) {
    io.printError("… npm ci");
    const { code, output } = await npm("ci", "--no-audit", "--no-fund");
    if (code !== 0)
      throw new Error(
        `the upgrade is committed on ${branch}, and npm ci fails: run it again, then npm run check.\n${output.slice(-2_000)}`,
      );
  }
  for (const script of checks) {
    io.printError(`… npm run ${script}`);
    const { code, output } = await npm("run", script);
    upgrade.checks.push({ script, hasPassed: code === 0, output });
  }
}

/** Leaves the branch that was there as it is. */
async function applyOnBranch(
  git: Git,
  branch: string,
  { plan, releases }: { plan: FilePlan; releases: Releases },
): Promise<string[]> {
  await git("switch", "--quiet", "--create", branch).catch((error: unknown) => {
    throw new Error(`the branch ${branch} cannot be made: finish it, or delete it with git branch -D ${branch}`, {
      cause: error,
    });
  });
  try {
    return await applyFiles(git, plan, releases);
  } catch (error) {
    await git("reset", "--quiet", "--hard");
    await git("switch", "--quiet", "-");
    await git("branch", "--quiet", "-D", branch);
    throw new Error("the changes of the release cannot be applied; nothing is changed", { cause: error });
  }
}
