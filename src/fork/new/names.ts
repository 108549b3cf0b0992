import { UsageError } from "../../lib/command.ts";

/** The names of a workflow in its files. */
export interface Names {
  /** trial-ending */
  id: string;
  /** trialEnding: the constant with the workflow. */
  variable: string;
  /** TrialEnding: the component of its email. */
  component: string;
  /** Trial ending: for people. */
  title: string;
}

const ID = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const LONGEST_ID = 50;
/** Words of JavaScript, and names that the files of a workflow use themselves. */
const TAKEN = new Set(
  `arguments await break case catch class const continue debugger default delete do else enum eval export extends false
  finally for function if implements import in interface let new null package private protected public return static
  super switch this throw true try typeof undefined var void while with yield
  brand button event expect greeting greetingName infinity layout lifecycle noteControls openStory paragraph
  subjectControl textControls title useTexts workflows`.split(/\s+/),
);

/** Throws a UsageError with a suggestion for an id that cannot be the name of a file, or a name in its code. */
export function namesOf(id: string): Names {
  if (!ID.test(id) || id.length > LONGEST_ID)
    throw new UsageError(
      `"${id}" cannot be the id of a workflow: an id has lower-case letters, digits and hyphens, begins with a letter, and has ${LONGEST_ID} characters at most. Try ${suggestionFor(id)}`,
    );
  const words = id.split("-");
  const component = words.map(capitalised).join("");
  const variable = component.charAt(0).toLowerCase() + component.slice(1);
  if (TAKEN.has(variable))
    throw new UsageError(`"${id}" cannot be the id of a workflow: its code uses this word. Try ${id}-message`);
  return { id, variable, component, title: capitalised(words.join(" ")) };
}

function suggestionFor(id: string): string {
  const plain = id
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/([a-z\d])([A-Z])/g, "$1-$2")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, LONGEST_ID)
    .replace(/^-+|-+$/g, "");
  if (plain === "") return "trial-ending";
  return /^\d/.test(plain) ? `message-${plain}` : plain;
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
