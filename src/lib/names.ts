/**
 * The name for a greeting: the whole first name, or else the first word of the name. "Ada Lovelace" and
 * "Lovelace, Ada" become "Ada", "Dr. Lovelace" stays. Undefined without such a name, also for a last name alone.
 */
export function greetingName(person: {
  first_name?: string | undefined;
  name?: string | undefined;
}): string | undefined {
  const [first = ""] = partsOf(person.name).given;
  return greetable(partsOf(person.first_name).given.join(" ")) ?? greetable(first);
}

/** "Ada King Lovelace" → "King Lovelace"; undefined for a single name. */
export function lastName(name: string | undefined): string | undefined {
  const { given, family } = partsOf(name);
  return [...given.slice(1), ...family].join(" ") || undefined;
}

/**
 * A name that another person typed, if it is safe to show in a message. Undefined if it holds a URL, a domain or
 * a sentence, or is longer than a name.
 */
export function shownName(value: unknown): string | undefined {
  if (typeof value === "string" && usualWords(value) !== null) return value;
  const words = plain(value)
    .split(" ")
    .filter((word) => !isPlaceholder(word));
  const name = words.join(" ").replace(/[,，]+$/u, "");
  return isName(name) && !isSentence(words) ? name : undefined;
}

const LONGEST_NAME = 40;
const MOST_WORDS = 5;
/** Characters that no name has, also digits and currencies. */
const SIGNS = /[!?¡¿:;/@\\<>{}=%#&[\]|*`~^+_。\p{Nd}\p{Sc}\p{Cc}\u2028\u2029]/u;
const DOMAIN = /[\p{L}\p{N}]\.[\p{L}\p{N}]{2}/u;

function isName(name: string): boolean {
  // Browsers read wide letters and dots as plain ones, and ignore invisible characters.
  const read = name.normalize("NFKC").replace(/\p{DI}/gu, "");
  return /\p{L}/u.test(read) && [...name].length <= LONGEST_NAME && !SIGNS.test(read) && !DOMAIN.test(read);
}

/** Words that are in no name of three words or more. */
const NEVER_IN_NAMES = new Set("you your click claim congratulations prize please winner".split(" "));
const PARTICLES = new Set(
  "de la del della di da do dos das du le les van von der den het ten ter zu zur bin bint ibn ben al el abu y e i".split(
    " ",
  ),
);

/** A sentence has several lower-case words. A name is in lower case as a whole, or only in its particles. */
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

/** Most names match this pattern. Such names take a tenth of the time of others. */
const USUAL = /^([A-Z][a-z]{1,18})(?: ([A-Z][a-z]{1,18}))?$/;

/** The one or two words of a usual name; null for other names, and with placeholders. */
function usualWords(name: string): string[] | null {
  const [, first, last] = USUAL.exec(name) ?? [];
  if (first === undefined) return null;
  const words = last === undefined ? [first] : [first, last];
  return words.some((word) => PLACEHOLDERS.has(word.toLowerCase())) ? null : words;
}

function usualParts(name: string): Parts | null {
  const given = usualWords(name);
  return given === null || TITLE.test(given[0] ?? "") ? null : { given, family: [] };
}

/** Without a comma, every word is a given name. With a comma, the family name comes first. */
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

/** The words without a title. A name with the family name first, or a title with a single name, stays whole. */
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

/** Undefined for initials such as "J.". */
function greetable(name: string): string | undefined {
  return name === "" || /^(\p{L}\. ?)+$/u.test(name) ? undefined : name;
}

/** The words with letters, and placeholders such as "-". */
function wordsOf(text: string): string[] {
  return text.split(" ").filter((word) => /\p{L}/u.test(word) || isPlaceholder(word));
}

const PLACEHOLDERS = new Set(["null", "undefined", "none", "unknown", "anonymous"]);
/** Placeholders only in this spelling: Na, Nan and Nil are names. */
const PLACEHOLDERS_EXACTLY = new Set(["na", "NA", "nan", "NaN", "nil", "NIL"]);

function isPlaceholder(word: string): boolean {
  const letters = word.replace(/\P{L}/gu, "");
  return PLACEHOLDERS.has(letters.toLowerCase()) || PLACEHOLDERS_EXACTLY.has(letters) || /^[-–—.]+$/.test(word);
}

const LONGEST_TEXT = 200;
/** Direction marks, zero-width characters and the like, except the joiners that some scripts and emoji need. */
const UNSEEN = /(?!\u200C|\u200D|[\uFE00-\uFE0F])[\p{DI}\uFFF9-\uFFFB\u2800]/gu;

/** The text without blanks and quotes around it and without invisible characters; "" if it is too long for a name. */
function plain(value: unknown): string {
  if (typeof value !== "string" || value.length > LONGEST_TEXT || !value.isWellFormed()) return "";
  const text = value
    .replace(UNSEEN, "")
    .trim()
    .replace(/\p{Zs}+/gu, " ");
  return text.replace(/^["'“‘«](.*)["'”’»]$/u, "$1").trim();
}
