import type { Locale } from "../contracts/locale.ts";
import type { BuiltInLanguage, OwnUnsubscribeTexts, UnsubscribeTexts } from "../contracts/unsubscribe-texts.ts";
import { matchLocale } from "../lib/locale.ts";

/** The fork's texts for a locale, or else the engine's for its language. */
export function unsubscribeTextsIn(locale: Locale, own: OwnUnsubscribeTexts): UnsubscribeTexts {
  return own[locale] ?? matchLocale(locale, BUILT_IN)?.texts ?? EN;
}

const EN: UnsubscribeTexts = {
  unsubscribe: "Unsubscribe",
  unsubscribeFrom: (topic) => `Unsubscribe from “${topic}”`,
  unsubscribeFromAll: "Unsubscribe from everything",
  question: "Do you want to unsubscribe?",
  belongsTo: (topic) => `This email belongs to “${topic}”.`,
  isMarketing: "This email is marketing.",
  isUnsubscribed: "You are unsubscribed",
  noMoreOf: (topic) => `You get no more of “${topic}”`,
  noMoreMarketing: "You get no more marketing",
  saved: "Your preferences are saved",
  wishes: (brand) => `What do you want from ${brand}?`,
  save: "Save",
  stillGet: "You still get messages about what you do, such as receipts.",
  failed: "This did not work",
  refusals: {
    "unknown link": "This link is not complete or not valid. Please copy the whole link from the email.",
    "unknown topic": "There is no such topic.",
    "not complete": "The request is too large or not complete.",
    "store down": "This page does not work just now, and nothing has changed. Please try again soon.",
  },
};

const DE: UnsubscribeTexts = {
  unsubscribe: "Abmelden",
  unsubscribeFrom: (topic) => `Von „${topic}“ abmelden`,
  unsubscribeFromAll: "Von allem abmelden",
  question: "Möchtest du dich abmelden?",
  belongsTo: (topic) => `Diese E-Mail gehört zu „${topic}“.`,
  isMarketing: "Diese E-Mail ist Werbung.",
  isUnsubscribed: "Du bist abgemeldet",
  noMoreOf: (topic) => `Du bekommst nichts mehr zu „${topic}“`,
  noMoreMarketing: "Du bekommst keine Werbung mehr",
  saved: "Deine Auswahl ist gespeichert",
  wishes: (brand) => `Was möchtest du von ${brand} bekommen?`,
  save: "Speichern",
  stillGet: "Nachrichten zu dem, was du tust, bekommst du weiterhin, zum Beispiel Rechnungen.",
  failed: "Das hat nicht geklappt",
  refusals: {
    "unknown link": "Dieser Link ist unvollständig oder ungültig. Bitte kopiere den ganzen Link aus der E-Mail.",
    "unknown topic": "Dieses Thema gibt es nicht.",
    "not complete": "Die Anfrage ist zu groß oder unvollständig.",
    "store down":
      "Diese Seite funktioniert gerade nicht, und nichts hat sich geändert. Bitte versuche es bald noch einmal.",
  },
};

const BUILT_IN: Array<{ locale: BuiltInLanguage; texts: UnsubscribeTexts }> = [
  { locale: "en", texts: EN },
  { locale: "de", texts: DE },
];
