import { runAsMain } from "../lib/run-as-main.ts";
import { product } from "../workflows/product.ts";
import { rehearseOf } from "./command.ts";

await runAsMain(rehearseOf({ product, root: process.cwd() }), import.meta.url);
