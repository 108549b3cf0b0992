import { z } from "zod";
import { noteControls, subjectControl } from "../../../src/engine/controls.ts";
import { event } from "../../../src/engine/event.ts";
import { lifecycle } from "../../../src/engine/lifecycle.ts";
import { greetingName } from "../../../src/lib/names.ts";
import { APP_URL } from "./brand.ts";
import { Letter } from "./letter.tsx";
import { topicOf } from "./topics.ts";

/** A note, a push, and an email to those who have not read the note. Its event has a condition and a list of values. */
export const sessionDropOff = lifecycle({
  id: "session-drop-off",
  name: "Session drop-off",
  description: "The way back to what a session ended without, two hours later.",
  category: "marketing",
  topic: topicOf("reminders"),
  on: [
    event("session_ended", {
      properties: z.object({ key_action_completed: z.boolean() }),
      where: ({ properties }) => !properties.key_action_completed,
    }),
  ],
  exitOn: [event("key_action_completed")],
  entry: { oncePer: { days: 7 } },
  payload: z.object({ key_action: z.enum(["build_report", "connect_data"]) }),
  from: ({ properties }) => ({ key_action: properties.key_action }),

  async workflow({ step, payload }) {
    await step.wait("two-hours", { hours: 2 });
    const note = await step.inApp(
      "session-note",
      ({ controls, link }) => ({
        subject: controls.subject,
        body: controls.body,
        redirect: { url: link(`${APP_URL}/${payload.key_action}`), target: "_self" },
      }),
      { controlSchema: noteControls("Your work is still here", "Carry on where you stopped.") },
    );
    await step.push("session-push", ({ controls }) => ({ subject: controls.subject, body: controls.body }), {
      controlSchema: noteControls("Your work is still here", "Carry on where you stopped."),
    });
    await step.email(
      "session-email",
      ({ person, controls, link }) => ({
        subject: controls.subject,
        body: (
          <Letter
            title="Your work is still here"
            firstName={greetingName(person)}
            says="Carry on where you stopped."
            button="Carry on"
            url={link(`${APP_URL}/${payload.key_action}`)}
          />
        ),
      }),
      { controlSchema: subjectControl("Your work is still here"), skip: () => note.read && "has read the note" },
    );
  },
});
