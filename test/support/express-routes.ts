import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import express, { type Express } from "express";
import { vi } from "vitest";

interface Layer {
  route?: { path: string | RegExp };
  /** Whether it matches every path. */
  slash?: boolean;
  match(path: string): unknown;
  handle: { stack?: Layer[] };
}

/** Finds the routes of the Express apps that are created from now on. */
export function watchExpress(): Disposable & {
  /**
   * The path of each route of the app at `url`, with the names of its parameters. `mounts` has the paths of routers,
   * which Express does not store.
   */
  routesAt(url: string, mounts: string[]): Promise<string[]>;
} {
  const spy = vi.spyOn(express.application, "handle" as "use");
  return {
    async routesAt(url, mounts) {
      const path = `/${randomUUID()}`;
      await fetch(`${url}${path}`);
      const index = spy.mock.calls.findIndex(([request]) => (request as unknown as IncomingMessage).url === path);
      const app = spy.mock.contexts[index] as Express;
      return [...new Set(inside((app.router as unknown as { stack: Layer[] }).stack, "", mounts))];
    },
    [Symbol.dispose]: () => spy.mockRestore(),
  };
}

function inside(layers: Layer[], before: string, mounts: string[]): string[] {
  return layers.flatMap((layer) => {
    const { route, slash, handle } = layer;
    // Each pattern of the app's routes matches any path of one part.
    if (route !== undefined) return `${before}${typeof route.path === "string" ? route.path : "/any"}`;
    const mount = slash ? "" : mounts.find((path) => layer.match(path));
    if (mount === undefined) throw new Error(`a router is at none of ${mounts.join(", ")}`);
    if (handle.stack !== undefined) return inside(handle.stack, `${before}${mount}`, mounts);
    // A handler without a router serves everything under its mount.
    return `${before}${mount}` || [];
  });
}
