import { USER_INACTIVE } from "../../contracts/event.ts";
import type { Removal } from "./find-workflow.ts";
import { importersOf, importsOf, type Source } from "./sources.ts";

const DEMO = "src/workflows/demo/";
const SEGMENT_NAMES = "src/workflows/segment-names.ts";
const PERSON_PROPERTIES = "src/workflows/person-properties.ts";
/** These files declare names, and use none. */
const DECLARE = [SEGMENT_NAMES, PERSON_PROPERTIES, "src/workflows/sample-person.ts"];

/** Sentences about the parts of the fork that only this workflow used. */
export function remainsOf({ id, file, deleted }: Removal, sources: Source[]): string[] {
  const others = sources.filter(({ path }) => !deleted.includes(path));
  const gone = sources.filter(({ path }) => deleted.includes(path) && !path.startsWith("test/"));
  const users = others.filter(
    ({ path }) => /^(src\/workflows|emails)\//.test(path) && !path.startsWith(DEMO) && !DECLARE.includes(path),
  );
  return [
    ...importsOf(file)
      .filter((path) => /^src\/workflows\//.test(path) && importersOf(path, others).length === 0)
      .map((path) => `${path}: no other file imports it`),
    ...unused(/\btopic: "([^"]+)"/g).map((topic) => `src/workflows/topics.ts: the topic ${topic}`),
    ...unused(/\bevent\("([^"]+)"/g).flatMap(namedIn),
    ...(unused(/\b(inactivity)\(/g).length > 0 ? namedIn(USER_INACTIVE) : []),
    ...[...textOf(PERSON_PROPERTIES).matchAll(/^ {2}(\w+):/gm)]
      .flatMap(([, property = ""]) => unused(new RegExp(`\\b(${property})\\b`, "g")))
      .map((property) => `${PERSON_PROPERTIES}: the property ${property}`),
    ...others
      .filter(({ path, text }) => path.startsWith(DEMO) && new RegExp(`\\bworkflow: "${id}"|"${id}",`).test(text))
      .map(({ path }) => `${path}: scenes of ${id}, which the demo leaves out`),
  ];

  /** The names that the workflow and its emails have in this place, and no other workflow or email has there. */
  function unused(pattern: RegExp): string[] {
    const used = namesIn(users, pattern);
    return [...new Set(namesIn(gone, pattern))].filter((name) => !used.includes(name));
  }

  function namedIn(event: string): string[] {
    return [
      ...(textOf(SEGMENT_NAMES).includes(`: "${event}"`) ? [`${SEGMENT_NAMES}: names for the event ${event}`] : []),
      ...others
        .filter(
          ({ path, text }) => path === `${DEMO}samples.ts` && new RegExp(`\\b${escaped(event)}"?: \\{`).test(text),
        )
        .map(({ path }) => `${path}: properties of the event ${event}`),
    ];
  }

  function textOf(path: string): string {
    return others.find((one) => one.path === path)?.text ?? "";
  }
}

function namesIn(sources: Source[], pattern: RegExp): string[] {
  return sources.flatMap(({ text }) => [...text.matchAll(pattern)].map(([, name = ""]) => name));
}

function escaped(name: string): string {
  return name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
