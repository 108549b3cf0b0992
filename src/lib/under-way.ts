/** What goes on after an answer was given; whoever stops can wait for it. */
export function createUnderWay(onError: (error: unknown) => void) {
  const all = new Set<Promise<void>>();
  return {
    add(what: Promise<void>): void {
      const ended = what.catch(onError).finally(() => all.delete(ended));
      all.add(ended);
    },
    async idle(): Promise<void> {
      while (all.size > 0) await Promise.all(all);
    },
  };
}
