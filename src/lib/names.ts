/**
 * The name to greet a person by: all of a first name, else the first of the name, so that "Ada Lovelace" and
 * "Lovelace, Ada" are Ada, and "Dr. Lovelace" is greeted so. Undefined when there is none to greet by; a last
 * name alone is none.
 */
export function greetingName(person: {
  first_name?: string | undefined;
  name?: string | undefined;
}): string | undefined {
  const [first = ""] = partsOf(person.name).given;
  return greetable(partsOf(person.first_name).given.join(" ")) ?? greetable(first);
}

/** "Ada King Lovelace" → "King Lovelace"; undefined when there is only one name. */
export function lastName(name: string | undefined): string | undefined {
  const { given, family } = partsOf(name);
  return [...given.slice(1), ...family].join(" ") || undefined;
}

/**
 * A name that somebody else typed in, fit to stand in a message: nothing with a URL, domain or sentence in it,
 * nothing longer than a name; undefined otherwise.
 */
export function shownName(value: unknown): string | undefined {
  const words = plain(value)
    .split(" ")
    .filter((word) => !isPlaceholder(word));
  const name = words.join(" ").replace(/[,，]+$/u, "");
  return isName(name) && !isSentence(words) ? name : undefined;
}

const LONGEST_NAME = 40;
const MOST_WORDS = 5;
/** Digits and money are among them. */
const SIGNS = /[!?¡¿:;/@\\<>{}=%#&[\]|*`~^+_。\p{Nd}\p{Sc}\p{Cc}\u2028\u2029]/u;
const DOMAIN = /[\p{L}\p{N}]\.[\p{L}\p{N}]{2}/u;

function isName(name: string): boolean {
  // Browsers read wide letters and dots as plain ones, and skip what is invisible.
  const read = name.normalize("NFKC").replace(/\p{DI}/gu, "");
  return /\p{L}/u.test(read) && [...name].length <= LONGEST_NAME && !SIGNS.test(read) && !DOMAIN.test(read);
}

/** No name of three words or more has one of these. */
const NEVER_IN_NAMES = new Set("you your click claim congratulations prize please winner".split(" "));
const PARTICLES = new Set(
  "de la del della di da do dos das du le les van von der den het ten ter zu zur bin bint ibn ben al el abu y e i".split(
    " ",
  ),
);

/** A sentence has several words in lower case, also after a capital. A name is in lower case as a whole, or in its particles. */
function isSentence(words: string[]): boolean {
  if (words.length > MOST_WORDS) return true;
  if (words.length < 3) return false;
  if (words.some((word) => NEVER_IN_NAMES.has(word.toLowerCase()))) return true;
  const isLarge = words.map((word) => /[\p{Lu}\p{Lt}]/u.test(word));
  const small = words.filter((word, index) => !isLarge[index] && /\p{Ll}/u.test(word) && !PARTICLES.has(word));
  return small.length > 3 || (small.length > 1 && isLarge.includes(true));
}

interface Parts {
  given: string[];
  family: string[];
}

const AFTER_A_NAME = /^(jr|Jr|JR|Sr|SR|II|III|IV|Esq|Ph\.?D|M\.?D|J\.?D|MBA|MSc|BSc|CPA|DDS)\.?$/;

/** As most names are written; to find that out takes a tenth of the time. */
const USUAL = /^([A-Z][a-z]{1,18})(?: ([A-Z][a-z]{1,18}))?$/;

function usualParts(name: string): Parts | null {
  const [, first = "", last] = USUAL.exec(name) ?? [];
  const given = last === undefined ? [first] : [first, last];
  const isOdd = first === "" || TITLE.test(first) || given.some((word) => PLACEHOLDERS.has(word.toLowerCase()));
  return isOdd ? null : { given, family: [] };
}

/** Without a comma every word counts as given. With one, the family comes first. */
function partsOf(name: string | undefined): Parts {
  const usual = typeof name === "string" ? usualParts(name) : null;
  if (usual !== null) return usual;
  if (shownName(name) === undefined) return { given: [], family: [] };
  const parts = plain(name)
    .split(/[,，]/)
    .map(wordsOf)
    .filter((words) => words.length === 0 || !words.every((word) => AFTER_A_NAME.test(word)));
  if (parts.length > 2) return { given: [], family: [] };

  const [before = [], after] = parts;
  const given = after === undefined ? wholeOrUntitled(before) : untitled(after);
  const family = after === undefined ? [] : before;
  const [first] = given;
  const known = (words: string[]) => words.filter((word) => !isPlaceholder(word));
  if (first === undefined || isPlaceholder(first)) return { given: [], family: known([...given, ...family]) };
  return { given: known(given), family: known(family) };
}

const TITLE = /^(dr|prof|professor|mr|mrs|ms|miss|mx|sir|dame|herr|frau|mme|mlle|sr|sra|srta)\.?$/i;
const FAMILY_FIRST = /^[\p{sc=Han}\p{sc=Hangul}\p{sc=Hiragana}\p{sc=Katakana}ー・ ]+$/u;

/** All in one where the family comes first, and where a title stands before a family's name alone. */
function wholeOrUntitled(words: string[]): string[] {
  const whole = words.join(" ");
  const named = untitled(words);
  const isFamilys = named.length === 1 && words.length > 1;
  return FAMILY_FIRST.test(whole) || isFamilys ? [whole] : named;
}

function untitled(words: string[]): string[] {
  const start = words.findIndex((word) => !TITLE.test(word));
  return start === -1 ? [] : words.slice(start);
}

/** "J." is nothing to greet by. */
function greetable(name: string): string | undefined {
  return name === "" || /^(\p{L}\. ?)+$/u.test(name) ? undefined : name;
}

/** Words with letters, and what stands for one that is not known. */
function wordsOf(text: string): string[] {
  return text.split(" ").filter((word) => /\p{L}/u.test(word) || isPlaceholder(word));
}

const PLACEHOLDERS = new Set(["null", "undefined", "none", "unknown", "anonymous"]);
/** Na, Nan and Nil are names. */
const PLACEHOLDERS_EXACTLY = new Set(["na", "NA", "nan", "NaN", "nil", "NIL"]);

function isPlaceholder(word: string): boolean {
  const letters = word.replace(/\P{L}/gu, "");
  return PLACEHOLDERS.has(letters.toLowerCase()) || PLACEHOLDERS_EXACTLY.has(letters) || /^[-–—.]+$/.test(word);
}

const LONGEST_TEXT = 200;
/** Direction marks, zero width and the like; not what joins the letters of some scripts, and the parts of emoji. */
const UNSEEN = /(?!\u200C|\u200D|[\uFE00-\uFE0F])[\p{DI}\uFFF9-\uFFFB\u2800]/gu;

/** Without blanks at the ends, quotes around it and invisible characters; "" for what is too long to hold a name. */
function plain(value: unknown): string {
  if (typeof value !== "string" || value.length > LONGEST_TEXT || !value.isWellFormed()) return "";
  const text = value
    .replace(UNSEEN, "")
    .trim()
    .replace(/\p{Zs}+/gu, " ");
  return text.replace(/^["'“‘«](.*)["'”’»]$/u, "$1").trim();
}
