import { runAsMain } from "../../lib/run-as-main.ts";
import { samples } from "../../workflows/demo/samples.ts";
import { story } from "../../workflows/demo/story.ts";
import { product } from "../../workflows/product.ts";
import { demoOf } from "./demo-command.ts";

await runAsMain(demoOf({ product, story, samples }), import.meta.url);
