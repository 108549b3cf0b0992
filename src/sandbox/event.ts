import { runAsMain } from "../lib/run-as-main.ts";
import { samples } from "../workflows/demo/samples.ts";
import { eventOf } from "./event-command.ts";

await runAsMain(eventOf(samples), import.meta.url);
