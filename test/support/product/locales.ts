import type { Locales, Texts } from "../../../src/contracts/locale.ts";
import type { OwnUnsubscribeTexts, UnsubscribeTexts } from "../../../src/contracts/unsubscribe-texts.ts";

const OWN = [
  { locale: "en", dir: "ltr" },
  { locale: "he", dir: "rtl" },
] as const;

/** The locales of the tests' product, where the engine has those of emails/_components/locales.ts. */
export const LOCALES = OWN as readonly unknown[] as Locales;

/** Texts for each of them. */
export function texts<Value>(own: Record<(typeof OWN)[number]["locale"], Value>): Texts<Value> {
  return own as Record<string, Value> as Texts<Value>;
}

const HE: UnsubscribeTexts = {
  unsubscribe: "הסרה מרשימת התפוצה",
  unsubscribeFrom: (topic) => `הסרה מ„${topic}”`,
  unsubscribeFromAll: "הסרה מהכול",
  question: "להסיר אותך מרשימת התפוצה?",
  belongsTo: (topic) => `ההודעה שייכת ל„${topic}”.`,
  isMarketing: "ההודעה היא פרסומת.",
  isUnsubscribed: "הוסרת מרשימת התפוצה",
  noMoreOf: (topic) => `לא יישלחו אליך עוד הודעות על „${topic}”`,
  noMoreMarketing: "לא יישלחו אליך עוד פרסומות",
  saved: "ההעדפות נשמרו",
  wishes: (brand) => `מה לקבל מ־${brand}?`,
  save: "שמירה",
  stillGet: "הודעות על הפעולות שלך, כגון קבלות, ימשיכו להגיע.",
  failed: "זה לא הצליח",
  refusals: {
    "unknown link": "הקישור אינו שלם או אינו תקף.",
    "unknown topic": "אין נושא כזה.",
    "not complete": "הבקשה אינה שלמה.",
    "store down": "הדף אינו פועל כרגע, ודבר לא השתנה.",
  },
};

export const UNSUBSCRIBE_TEXTS = { he: HE } as object as OwnUnsubscribeTexts;
