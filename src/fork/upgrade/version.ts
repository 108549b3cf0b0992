/** "v0.2.0" or "0.2.0". */
const RELEASE = /^v?(\d+)\.(\d+)\.(\d+)$/;

/** Whether a text is the number of a release, and not of a version before it, such as 0.2.0-rc.1. */
export function isRelease(text: string): boolean {
  return RELEASE.test(text);
}

/** Negative if `a` is the earlier release. */
export function compareReleases(a: string, b: string): number {
  const [ours, theirs] = [numbersOf(a), numbersOf(b)];
  const differing = ours.findIndex((number, index) => number !== theirs[index]);
  return differing < 0 ? 0 : (ours[differing] ?? 0) - (theirs[differing] ?? 0);
}

function numbersOf(release: string): number[] {
  return (RELEASE.exec(release) ?? []).slice(1).map(Number);
}
