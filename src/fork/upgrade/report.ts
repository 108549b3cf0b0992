import type { FilePlan } from "./plan-files.ts";
import type { Releases } from "./releases.ts";

export interface Upgrade {
  releases: Releases;
  branch: string;
  isDryRun: boolean;
  plan: FilePlan;
  /** Files with conflict markers. */
  conflicts: string[];
  /** Sentences about keys of package.json. */
  bothChanged: string[];
  haveTo: Array<{ version: string; text: string }>;
  /** The checks by their scripts; empty if none ran. */
  checks: Array<{ script: string; hasPassed: boolean; output: string }>;
}

/** Whether a person has to decide something before the upgrade can be committed. */
export function isUndecided({ conflicts, bothChanged, plan }: Upgrade): boolean {
  return conflicts.length + bothChanged.length + plan.kept.length > 0;
}

export function upgradeJson(upgrade: Upgrade): string {
  const { releases, branch, plan, conflicts, bothChanged, haveTo, checks } = upgrade;
  return JSON.stringify({
    ...{ isDryRun: upgrade.isDryRun, from: `v${releases.from}`, to: `v${releases.to}`, branch },
    ...{ changed: plan.apply, leftOut: plan.leftOut, conflicts, deletedUpstream: plan.kept, bothChanged, haveTo },
    isCommitted: !upgrade.isDryRun && !isUndecided(upgrade),
    checks: checks.map(({ script, hasPassed }) => ({ script, hasPassed })),
  });
}

export function upgradeText(upgrade: Upgrade): string {
  const { releases, branch, plan, conflicts, bothChanged, haveTo, isDryRun } = upgrade;
  const { from, to } = releases;
  const summary = isDryRun
    ? `v${from} to v${to} would change ${plan.apply.length} files. Nothing is changed; conflicts show only without --dry-run.`
    : `v${from} to v${to}: ${plan.apply.length} files of the engine, on the branch ${branch}.`;
  return [
    summary,
    ...(isDryRun ? [section("Files", plan.apply)] : []),
    section("Left out, because this fork has deleted them", plan.leftOut),
    section("Conflicts: the files have markers", conflicts),
    section(`Conflicts: v${to} deletes these files, and this fork has changed them; they stay`, plan.kept),
    section("Conflicts: both have changed these keys", bothChanged),
    ...haveTo.map(({ version, text }) => `You have to, for ${version}:\n\n${text}`),
    ...checksOf(upgrade),
    isDryRun ? "" : next(upgrade),
  ]
    .filter(Boolean)
    .join("\n\n");
}

function section(title: string, lines: string[]): string {
  return lines.length === 0 ? "" : `${title}:\n${lines.map((line) => `  ${line}`).join("\n")}`;
}

function checksOf({ checks }: Upgrade): string[] {
  return checks.map(({ script, hasPassed, output }) =>
    hasPassed ? `npm run ${script} passes.` : `npm run ${script} fails:\n${output.slice(-4_000).trim()}`,
  );
}

function next(upgrade: Upgrade): string {
  const { branch, checks, haveTo } = upgrade;
  if (isUndecided(upgrade))
    return "Next: decide each conflict, then npm ci, git add --all, git commit, npm run check. git switch - with git reset --hard before it gives the upgrade up.";
  const work = haveTo.length > 0 ? "do what You have to lists, " : "";
  const repair = checks.some(({ hasPassed }) => !hasPassed) ? "repair what a check has found, " : "";
  return `Committed on ${branch}. Next: ${work}${repair}npm run check, then merge the branch.`;
}
