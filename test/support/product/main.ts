import { openApp } from "../../../src/app.ts";
import { readConfig } from "../../../src/config.ts";
import { testProduct } from "./product.ts";

// The app as src/main.ts runs it, with the tests' product, in a process that can be killed.

const app = await openApp(readConfig(process.env), { product: testProduct });
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => app.stop());
