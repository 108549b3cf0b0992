/** The memory of the app at a point of the run, from 0 to 1. */
export interface Memory {
  part: number;
  mb: number;
}

const MOST_FACTOR = 1.25;
const MOST_MORE_MB = 40;

/** Compares the minimum in the second tenth with that in the last tenth, so that short peaks do not count. */
export function growth(memory: Memory[]): string[] {
  const [early, late] = [lowest(0.1, 0.2), lowest(0.9, 1)];
  return late > early * MOST_FACTOR + MOST_MORE_MB
    ? [`RSS was ${Math.round(early)} MB early on and ${Math.round(late)} MB at the end`]
    : [];

  function lowest(from: number, to: number): number {
    return Math.min(...memory.filter(({ part }) => part >= from && part <= to).map(({ mb }) => mb));
  }
}
