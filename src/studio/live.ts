import type { Request, Response } from "express";

/** The pause after a notice, so that a page gets at most two notices per second. */
const PAUSE_MS = 500;
/** Proxies close a connection without traffic. */
const HEARTBEAT_MS = 25_000;
const MOST_LISTENERS = 100;

/** Notifies open pages that the store has changed, without details. Subscribes only while a page is open. */
export function createLive(onChange: (listener: () => void) => () => void) {
  const listeners = new Set<Response>();
  let unsubscribe: (() => void) | undefined;
  let pause: NodeJS.Timeout | undefined;
  let isDue = false;
  const heartbeat = setInterval(() => write(": heartbeat\n\n"), HEARTBEAT_MS).unref();

  return {
    listen(request: Request, response: Response): void {
      if (listeners.size >= MOST_LISTENERS) {
        response.status(503).set("retry-after", "30").end();
        return;
      }
      response.status(200).set({ "content-type": "text/event-stream", "x-accel-buffering": "no" });
      response.write("retry: 3000\n\n");
      listeners.add(response);
      unsubscribe ??= onChange(changed);
      request.on("close", () => {
        listeners.delete(response);
        if (listeners.size === 0) leave();
      });
    },

    changed,

    stop(): void {
      clearInterval(heartbeat);
      clearTimeout(pause);
      for (const listener of listeners) listener.end();
      listeners.clear();
      leave();
    },
  };

  function changed(): void {
    if (listeners.size === 0) return;
    isDue = true;
    if (pause === undefined) notify();
  }

  function leave(): void {
    unsubscribe?.();
    unsubscribe = undefined;
  }

  function notify(): void {
    pause = undefined;
    if (!isDue) return;
    isDue = false;
    write("data: changed\n\n");
    pause = setTimeout(notify, PAUSE_MS).unref();
  }

  function write(text: string): void {
    for (const listener of listeners) listener.write(text);
  }
}
