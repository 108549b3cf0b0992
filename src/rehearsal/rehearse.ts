import { surroundingsOf } from "../environment.ts";
import { runAsMain } from "../lib/run-as-main.ts";
import { product } from "../workflows/product.ts";
import { rehearseOf } from "./command.ts";

// Every file of a rehearsal is for this user alone, also those of its processes.
process.umask(0o077);

await runAsMain(rehearseOf({ product, root: process.cwd() }), import.meta.url, surroundingsOf);
