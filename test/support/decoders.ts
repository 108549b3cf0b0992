import { syncBuiltinESMExports } from "node:module";
import zlib from "node:zlib";
import { vi } from "vitest";

const DECODES = /inflate|gunzip|unzip|decompress/i;

/** Records every use of a decoder of node:zlib in this process, by any module. */
export function watchDecoders(): { used(): string[] } & Disposable {
  const names = (Object.keys(zlib) as Array<keyof typeof zlib>).filter(
    (name) => DECODES.test(name) && typeof zlib[name] === "function" && !/^[A-Z]/.test(name),
  );
  const spies = names.map((name) => [name, vi.spyOn(zlib, name as "createGunzip")] as const);
  syncBuiltinESMExports();
  return {
    used: () => spies.flatMap(([name, spy]) => (spy.mock.calls.length > 0 ? [name] : [])),
    [Symbol.dispose]() {
      for (const [, spy] of spies) spy.mockRestore();
      syncBuiltinESMExports();
    },
  };
}
