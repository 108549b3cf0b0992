import { importOwn } from "../lib/import-own.ts";
import { runAsMain } from "../lib/run-as-main.ts";
import { rehearseOf } from "./command.ts";

// Every file of a rehearsal is for this user alone, also those of its processes.
process.umask(0o077);

const loadProduct = async () => (await importOwn(() => import("../workflows/product.ts"))).product;

await runAsMain(rehearseOf({ loadProduct, root: process.cwd() }), import.meta.url, async (env) =>
  (await import("../environment.ts")).surroundingsOf(env),
);
