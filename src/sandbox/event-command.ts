import { type Command, defineCommand } from "../lib/command.ts";
import { DEV_DATA } from "./dev/dev-options.ts";
import type { Samples } from "./samples.ts";

const HELP = `npm run event -- NAME --person ID [options]

Captures an event at the sandbox's PostHog with posthog-node, as your backend does, or sends it to
the sandbox's Segment, and prints the answer of the app, the runs that it started and ended, and their next
messages. npm run dev must be running.

  --person ID       distinct id; an unknown person gets the address ID@example.com
  --prop KEY=VALUE  a property of the event; VALUE is JSON or text; repeatable
  --set KEY=VALUE   a property of the person; repeatable
  --uuid UUID       id of the event; the same id again is a redelivery
  --source NAME     posthog (the default) or segment. Segment gets a track call with --set as context.traits,
                    or, for the event name identify, an identify call with --set as traits
  --data DIR        the data folder of the sandbox (${DEV_DATA})
  --json            print one JSON object
  --help

  npm run event -- user_signed_up --person ada
  npm run event -- checkout_started --person grace --prop cart_value=80
  npm run event -- onboarding_completed --person ada --set onboarding_completed=true
  npm run event -- "User Registered" --person ada --source segment
  npm run event -- identify --person ada --source segment --set firstName=Ada

Exit code: 0 the app accepted the event; 1 it did not, or no workflow uses an event of this name; 2 wrong usage.`;

export const OPTIONS = {
  person: { type: "string" },
  prop: { type: "string", multiple: true },
  set: { type: "string", multiple: true },
  uuid: { type: "string" },
  source: { type: "string", default: "posthog" },
  data: { type: "string", default: DEV_DATA },
} as const;

export const eventOf = (loadSamples: () => Promise<Samples>): Command =>
  defineCommand({
    name: "event",
    help: HELP,
    options: OPTIONS,
    takesPositionals: true,
    async run(context) {
      const { runEvent } = await import("./run-event.ts");
      return runEvent(context, await loadSamples());
    },
  });
