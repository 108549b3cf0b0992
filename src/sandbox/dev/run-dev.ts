import { runAsMain } from "../../lib/run-as-main.ts";
import { firstEvent, samples } from "../../workflows/demo/samples.ts";
import { product } from "../../workflows/product.ts";
import { devOf } from "./dev-command.ts";

await runAsMain(devOf({ product, samples, firstEvent, watcher: process.ppid }), import.meta.url);
