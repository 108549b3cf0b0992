import type { Request, Response } from "express";

/** At most two a second. */
const PAUSE_MS = 500;
/** So that no proxy takes a quiet connection for a dead one. */
const STILL_THERE_MS = 25_000;
const MOST_LISTENERS = 100;

/** Tells open pages that something has changed, and never what. */
export function createLive() {
  const listeners = new Set<Response>();
  let pause: NodeJS.Timeout | undefined;
  let isOwed = false;
  const heartbeat = setInterval(() => say(": still there\n\n"), STILL_THERE_MS).unref();

  return {
    listen(request: Request, response: Response): void {
      if (listeners.size >= MOST_LISTENERS) {
        response.status(503).set("retry-after", "30").end();
        return;
      }
      response.status(200).set({ "content-type": "text/event-stream", "x-accel-buffering": "no" });
      response.write("retry: 3000\n\n");
      listeners.add(response);
      request.on("close", () => listeners.delete(response));
    },

    changed(): void {
      if (listeners.size === 0) return;
      isOwed = true;
      if (pause === undefined) tell();
    },

    stop(): void {
      clearInterval(heartbeat);
      clearTimeout(pause);
      for (const listener of listeners) listener.end();
      listeners.clear();
    },
  };

  function tell(): void {
    pause = undefined;
    if (!isOwed) return;
    isOwed = false;
    say("data: changed\n\n");
    pause = setTimeout(tell, PAUSE_MS).unref();
  }

  function say(text: string): void {
    for (const listener of listeners) listener.write(text);
  }
}
