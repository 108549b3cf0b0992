import { fileURLToPath } from "node:url";
import { type Command, defineCommand } from "../lib/command.ts";
import { runAsMain } from "../lib/run-as-main.ts";

const HELP = `npm run new -- ID --on EVENT [--on EVENT …] [options]

Writes a workflow that sends at once, or with --exit-on a day later: its file, its emails, its story and its line in the list. All of them are
yours to change. No file is overwritten.

  --on EVENT         the event that starts a run; repeatable
  --exit-on EVENT    an event that ends it; repeatable. The first message then comes a day after the start
  --channels LIST    the messages in order (email), of email, in-app, push, sms, chat, tool
  --topic TOPIC      the topic to opt out of, from src/workflows/topics.ts; else the first there
  --transactional    no topic and no opt-out, such as a receipt
  --dry-run          print the files, and write nothing
  --json             print one JSON object
  --help

  npm run new -- trial-ending --on trial_day_12 --channels email,in-app --topic offers

Exit code: 0 done; 1 error, and nothing is written; 2 wrong usage.`;

export const OPTIONS = {
  on: { type: "string", multiple: true },
  "exit-on": { type: "string", multiple: true },
  channels: { type: "string", default: "email" },
  topic: { type: "string" },
  transactional: { type: "boolean" },
  "dry-run": { type: "boolean" },
} as const;

/** The command for the checkout in `root`. */
export function newOf({ root }: { root: string }): Command {
  return defineCommand({
    name: "new",
    help: HELP,
    options: OPTIONS,
    takesPositionals: true,
    async run(context) {
      const { run } = await import("./new/run.ts");
      return run(context, root);
    },
  });
}

await runAsMain(newOf({ root: fileURLToPath(new URL("../../", import.meta.url)) }), import.meta.url);
