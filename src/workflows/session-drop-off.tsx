import { z } from "zod";
import { brand } from "../../emails/_components/brand.ts";
import SessionRecovery from "../../emails/session-recovery.tsx";
import { noteControls, subjectControl } from "../engine/controls.ts";
import { event } from "../engine/event.ts";
import { lifecycle } from "../engine/lifecycle.ts";
import { greetingName } from "../lib/names.ts";

/**
 * The key actions of a session, by the value of `key_action` in the event. Each has a phrase for the email and the link
 * to continue the action. Yours to change.
 */
const KEY_ACTIONS = {
  build_report: {
    phrase: { en: "build a report", de: "einen Bericht erstellen" },
    url: `${brand.appUrl}/reports/draft`,
  },
  connect_data: {
    phrase: { en: "connect your data", de: "deine Daten verbinden" },
    url: `${brand.appUrl}/setup/connect-data`,
  },
} as const;

const KeyAction = z.enum(["build_report", "connect_data"] satisfies Array<keyof typeof KEY_ACTIONS>);

/**
 * For a session that ended before its key action: the link back, two hours later, in the app and by email. The email
 * may wait until the morning. A person who has read the in-app note by then gets no email.
 */
export const sessionDropOff = lifecycle({
  id: "session-drop-off",
  name: "Session drop-off",
  description: "The way back to the unfinished action of a session, two hours later, once a week at most.",
  category: "marketing",
  topic: "reminders",
  on: [
    event("session_ended", {
      properties: z.object({ key_action_completed: z.boolean() }),
      where: ({ properties }) => !properties.key_action_completed,
    }),
  ],
  exitOn: [event("key_action_completed")],
  entry: { oncePer: { days: 7 } },
  payload: z.object({ key_action: KeyAction }),
  from: ({ properties }) => ({ key_action: properties.key_action }),

  async workflow({ step, payload }) {
    await step.wait("two-hours", { hours: 2 });
    const note = await step.inApp(
      "session-note",
      ({ controls, link }) => ({
        subject: controls.subject,
        body: controls.body,
        redirect: { url: link(KEY_ACTIONS[payload.key_action].url), target: "_self" },
      }),
      {
        controlSchema: noteControls(stillHere, {
          en: "Carry on where you stopped.",
          de: "Mach dort weiter, wo du aufgehört hast.",
        }),
      },
    );
    await step.email(
      "session-email",
      ({ person, locale, controls, link }) => {
        const { phrase, url } = KEY_ACTIONS[payload.key_action];
        return {
          subject: controls.subject,
          body: <SessionRecovery firstName={greetingName(person)} unfinished={phrase[locale]} url={link(url)} />,
        };
      },
      { controlSchema: subjectControl(stillHere), skip: () => note.read && "has read the note" },
    );
  },
});

const stillHere = { en: "Your work is still here", de: "Deine Arbeit ist noch da" };
