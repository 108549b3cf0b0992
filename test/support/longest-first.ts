import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Their tests wait for real time or other processes; the others run meanwhile. */
const FOLDERS = ["trouble", "fork", "browser", "processes", "engines"];

/**
 * The slow folders first, then the largest files. The files of a project stay together, because a worker belongs to one
 * project.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(specs: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(specs);
    return sorted.sort((a, b) => rank(a) - rank(b));
  }
}

function rank({ moduleId, project }: TestSpecification): number {
  const folder = FOLDERS.findIndex((name) => moduleId.includes(`/test/${name}/`));
  const isLast = project.name === "segment" ? 100 : 0;
  // These use a whole core for a minute, beside which tests of real time would be late.
  const isBusy = moduleId.includes("/test/app/rehearsal/") ? 1 : 0;
  return isLast + isBusy + (folder === -1 ? FOLDERS.length : folder);
}
