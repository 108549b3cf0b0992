import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Command, defineCommand } from "../lib/command.ts";
import type { CommandIo } from "../lib/command-io.ts";
import { runAsMain } from "../lib/run-as-main.ts";
import { type Git, gitIn } from "./git.ts";
import { type Npm, npmIn } from "./npm.ts";
import { OWN_PATHS } from "./own-paths.ts";
import { applyFiles, filePlan } from "./upgrade/apply-files.ts";
import { youHaveTo } from "./upgrade/changelog.ts";
import { mergePackageFiles } from "./upgrade/package-files.ts";
import type { FilePlan } from "./upgrade/plan-files.ts";
import { fetchReleases, type Releases } from "./upgrade/releases.ts";
import { isUndecided, type Upgrade, upgradeJson, upgradeText } from "./upgrade/report.ts";
import { assertUpgradable } from "./upgrade/repository.ts";

const HELP = `npm run upgrade -- [--to TAG] [options]

Brings this fork to a later release of the repository that it comes from, on a branch of its own. The version in
package.json is the release that the fork comes from. git needs the remote "upstream"; a common history with
it is not needed. It never changes your files: ${OWN_PATHS.join(", ")}.
In src/workflows, README.md and AGENTS.md are ours. package.json is merged key by key.

  --to TAG      the release, such as v0.2.0 (the newest)
  --no-checks   run no npm run typecheck, lint and test afterwards
  --dry-run     fetch the release, print the files, and change nothing
  --json        print one JSON object
  --help

Exit code: 0 done, or this is the newest; 1 error, or conflicts, which the files show; 2 wrong usage;
3 committed, but a check fails.`;

const CHECKS = ["typecheck", "lint", "test"];

interface Checkout {
  root: string;
  git: Git;
  npm: Npm;
}

/** The command for the checkout in `root`. */
export function upgradeOf({ root, npm = npmIn(root) }: { root: string; npm?: Npm }): Command {
  return defineCommand({
    name: "upgrade",
    help: HELP,
    options: { to: { type: "string" }, "no-checks": { type: "boolean" }, "dry-run": { type: "boolean" } },
    async run({ options: { to: wanted, json, "no-checks": noChecks, "dry-run": isDryRun }, io }) {
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
    },
  });
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

await runAsMain(upgradeOf({ root: fileURLToPath(new URL("../../", import.meta.url)) }), import.meta.url);
