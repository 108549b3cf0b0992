import { expect, it } from "vitest";
import { brand } from "../../../emails/_components/brand.ts";
import { sessionDropOff } from "../../../src/workflows/session-drop-off.tsx";
import { leadsTo, linksIn } from "../../support/links.ts";
import { openStory } from "../story.ts";

const workflows = [sessionDropOff];
const unfinished = { key_action: "build_report", key_action_completed: false };

it("shows the way back two hours after a session that ended before its key action", async () => {
  await using story = await openStory({ workflows, people: { ada: {}, grace: {}, linus: {} } });
  await story.does("ada", "session_ended", unfinished);
  await story.does("grace", "session_ended", { ...unfinished, key_action_completed: true });
  await story.does("linus", "session_ended", unfinished);
  await story.until("day 0 10:00");
  await story.does("linus", "key_action_completed", { key_action: "build_report" });
  await story.until("day 2 09:00");

  expect(await story.lines()).toEqual([
    "day 0 10:00  linus  session-drop-off  session-note  not sent: exited: key_action_completed",
    "day 0 10:00  linus  session-drop-off  session-email  not sent: exited: key_action_completed",
    "day 0 11:00  ada  session-drop-off  session-note  sent",
    "day 0 11:00  ada  session-drop-off  session-email  sent",
  ]);
  const [note, email] = story.messages("ada");
  expect(await leadsTo(linksIn(note!)[0])).toContain(`${brand.appUrl}/reports/draft?utm_source=`);
  expect(email?.content.body).toContain("You were about to build a report and left before the end.");
});

it("sends no email in the morning to a person who has read the note at night", async () => {
  await using story = await openStory({ workflows, people: { ada: {}, grace: {} } });
  await story.until("day 0 21:00");
  for (const person of ["ada", "grace"]) await story.does(person, "session_ended", unfinished);
  await story.until("day 0 23:30");
  await story.reads("ada");
  await story.sees("grace");
  await story.until("day 2 09:00");

  expect(await story.lines()).toEqual([
    "day 0 23:00  ada  session-drop-off  session-note  sent",
    "day 0 23:00  grace  session-drop-off  session-note  sent",
    "day 1 09:00  ada  session-drop-off  session-email  not sent: not needed: has read the note",
    "day 1 09:00  grace  session-drop-off  session-email  sent",
  ]);
});

it("comes once a week, however the sessions end", async () => {
  await using story = await openStory({ workflows, people: { ada: {} } });
  for (const day of [0, 3, 8]) {
    await story.until(`day ${day} 09:00`);
    await story.does("ada", "session_ended", unfinished);
  }
  await story.until("day 9 09:00");

  expect(await story.lines()).toEqual([
    "day 0 11:00  ada  session-drop-off  session-note  sent",
    "day 0 11:00  ada  session-drop-off  session-email  sent",
    "day 3 09:00  ada  session-drop-off  session-note  not sent: entered before",
    "day 3 09:00  ada  session-drop-off  session-email  not sent: entered before",
    "day 8 11:00  ada  session-drop-off  session-note  sent",
    "day 8 11:00  ada  session-drop-off  session-email  sent",
  ]);
});

it("ignores a key action that is not listed", async () => {
  await using story = await openStory({ workflows, people: { ada: {} } });
  await story.does("ada", "session_ended", { key_action: "sing", key_action_completed: false });
  expect(story.answers("ada").at(-1)).toContain("does not fit session-drop-off: key_action");
  expect(story.sandbox.novu.triggers).toEqual([]);
});
