const EVERY_MS = 50;

export interface RssWatch {
  peakMb(): number;
  samples: Array<{ at: number; mb: number }>;
  stop(): void;
}

/** Samples the memory of an app. */
export function watchRss({ rssMb }: { rssMb(): number }, everyMs = EVERY_MS): RssWatch {
  const samples = [{ at: performance.now(), mb: rssMb() }];
  const timer = setInterval(() => samples.push({ at: performance.now(), mb: rssMb() }), everyMs);
  return {
    samples,
    peakMb: () => samples.reduce((most, { mb }) => Math.max(most, mb), 0),
    stop: () => clearInterval(timer),
  };
}
