import { useTexts } from "../../../emails/_components/reader-locale.ts";
import { Letter } from "./letter.tsx";
import { texts } from "./locales.ts";

/** The email of the tests' product with a text for each locale. */
export function Invitation({ firstName, url }: { firstName: string | undefined; url: string }) {
  const { title, says, button } = useTexts(Invitation);
  return <Letter title={title} firstName={firstName} says={says} button={button} url={url} />;
}

Invitation.texts = texts({
  en: { title: "You are invited", says: "Your team is waiting.", button: "Join" },
  he: { title: "הוזמנת", says: "הצוות שלך מחכה.", button: "הצטרפות" },
});
