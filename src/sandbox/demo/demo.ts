import { importOwn } from "../../lib/import-own.ts";
import { runAsMain } from "../../lib/run-as-main.ts";
import { demoOf } from "./demo-command.ts";

const loadDemo = () =>
  importOwn(async () => ({
    ...(await import("../../workflows/product.ts")),
    ...(await import("../../workflows/demo/story.ts")),
    ...(await import("../../workflows/demo/samples.ts")),
  }));

await runAsMain(demoOf(loadDemo), import.meta.url);
