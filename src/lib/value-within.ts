/** Null when it takes longer than `withinMs`, or fails. */
export async function valueWithin<Value>(promise: Promise<Value>, withinMs: number): Promise<Value | null> {
  let timer: NodeJS.Timeout | undefined;
  // Timers that take an abort signal cost eight times as much, and persons are looked up thousands of times.
  const tooLate = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, withinMs, null);
  });
  try {
    return await Promise.race([promise.catch(() => null), tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
