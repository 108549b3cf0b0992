import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Those whose tests wait for real pauses or for other processes, so that the others run meanwhile. */
const FOLDERS = ["trouble", "fork", "browser", "processes", "engines"];

/** The folders with the longest files first, then the largest files; a project's files together, as a worker is one project's. */
export class LongestFirst extends BaseSequencer {
  override async sort(specs: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(specs);
    return sorted.sort((a, b) => rank(a) - rank(b));
  }
}

function rank({ moduleId, project }: TestSpecification): number {
  const folder = FOLDERS.findIndex((name) => moduleId.includes(`/test/${name}/`));
  const isLast = project.name === "segment" ? 100 : 0;
  return isLast + (folder === -1 ? FOLDERS.length : folder);
}
