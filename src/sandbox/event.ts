import { importOwn } from "../lib/import-own.ts";
import { runAsMain } from "../lib/run-as-main.ts";
import { eventOf } from "./event-command.ts";

const loadSamples = async () => (await importOwn(() => import("../workflows/demo/samples.ts"))).samples;

await runAsMain(eventOf(loadSamples), import.meta.url);
