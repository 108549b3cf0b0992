import type { Git } from "../git.ts";

const REMOTE = "upstream";
const ADD_REMOTE = `git remote add ${REMOTE} ADDRESS, with the address of the repository that this checkout was forked or copied from`;

/** Throws for a checkout that cannot be upgraded, with the way out. It needs no common history with the remote. */
export async function assertUpgradable(git: Git): Promise<void> {
  const prefix = await git("rev-parse", "--show-prefix").catch((error: unknown) => {
    if (error instanceof Error && error.message === "git is not installed") throw error;
    throw new Error(
      `this folder is no git repository. Make it one: git init && git add --all && git commit -m "As it came". Then ${ADD_REMOTE}`,
    );
  });
  if (prefix.trim() !== "")
    throw new Error(`this checkout is the folder ${prefix.trim()} of another repository: upgrade needs its own`);
  await git("rev-parse", "--verify", "--quiet", "HEAD").catch(() => {
    throw new Error('this repository has no commit yet: git add --all && git commit -m "As it came"');
  });
  const remotes = (await git("remote")).split("\n");
  if (!remotes.includes(REMOTE)) throw new Error(`git has no remote "${REMOTE}". Add it: ${ADD_REMOTE}`);
  if ((await git("status", "--porcelain")) !== "")
    throw new Error("there are changes that are not committed (git status): commit or stash them first");
}
