import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { product } from "../../src/workflows/product.ts";
import { type TestSandboxOptions, testSandbox as testAnySandbox } from "./sandbox.ts";

export { eventually } from "./sandbox.ts";

/** A sandbox with the product of this checkout, for tests of processes, which have no other. */
export function testSandbox(options: TestSandboxOptions = {}): Promise<Sandbox> {
  return testAnySandbox({ product, ...options });
}
