import { defineCommand } from "../lib/command.ts";

const HELP = `npm run person -- export ID
npm run person -- delete ID [--dry-run | --yes] [options]
npm run person -- split ID [--dry-run | --yes] [options]

export prints everything that the store has about a person as JSON, for all merged ids.

delete removes the person here, at Novu and at PostHog, in this order: it cancels the waiting runs at Novu,
deletes the person at PostHog with events and recordings, deletes the subscriber at Novu, and then the
records here and the person's lines in the files of rehearsals. It prints each result. Run it beside the app, with the same environment; with SQLite the
running app deletes the records. After an error run the command again; it does what is left. No key of this
app reaches Segment: delete and suppress the person there, in Settings → End User Privacy.

split undoes each merge of this id with another id, in this app only. From then on the id is a separate
person, also for limits, exits and opt-outs. Use it for ids that should never have been merged. Another
event that merges them, or the same merge at PostHog, makes them one person again, so correct your product
first.

  ID              the distinct id at PostHog, or Segment's userId
  --dry-run       print what would be deleted or undone, and change nothing
  --yes           do not ask for confirmation
  --keep-events   keep the person's events and recordings at PostHog
  --json          print one JSON object
  --help

Before a deletion, stop your product from sending events with this id, and close the account: a new event
at PostHog or Segment creates the person again. A call that is in progress, such as a trigger or a repeated
webhook, may leave a record or a subscriber behind: run the command again after a minute, until there is
nothing left. A message that is due meanwhile is not sent, because PostHog no longer has the person.
PostHog takes some minutes to delete the person, and up to a week for the events. Your email provider keeps
its own records.

POSTHOG_PERSONAL_API_KEY needs the scope person:write.

Exit code: 0 done, or there was nothing to delete or split; 1 error, or there was nothing to export;
2 wrong usage, or not confirmed.

After a build: node dist/src/cli.js person`;

export const OPTIONS = {
  "dry-run": { type: "boolean" },
  yes: { type: "boolean" },
  "keep-events": { type: "boolean" },
} as const;

export const person = defineCommand({
  name: "person",
  help: HELP,
  options: OPTIONS,
  takesPositionals: true,
  async run(context) {
    const { run } = await import("./person/run.ts");
    return run(context);
  },
});
