import { LIST } from "../list.ts";
import { importersOf, importsOf, type Source } from "./sources.ts";

/** A workflow that can be removed. */
export interface Removal {
  id: string;
  variable: string;
  /** Its file; the import in the list has its name. */
  file: Source;
  /** The files to delete. */
  deleted: string[];
}

/** Throws for a workflow that does not exist, and for one that other files use. */
export function findWorkflow(id: string, sources: Source[]): Removal {
  const workflows = sources.filter(({ path, text }) => path.startsWith("src/workflows/") && idsIn(text).length > 0);
  const file = workflows.find(({ text }) => idsIn(text).includes(id));
  if (file === undefined) {
    const ids = workflows.flatMap(({ text }) => idsIn(text)).sort();
    throw new Error(`no file in src/workflows has the workflow "${id}"; there are ${ids.join(", ")}`);
  }
  const [variable, second] = [...file.text.matchAll(/export const (\w+) = lifecycle\(/g)].map(([, name = ""]) => name);
  if (variable === undefined || second !== undefined)
    throw new Error(`${file.path} has not exactly one "export const … = lifecycle({": take "${id}" out by hand`);

  const story = `test/workflows/stories/${file.path.replace(/^.*\/|\.tsx?$/g, "")}.test.ts`;
  const users = importersOf(file.path, sources).filter(({ path }) => path !== LIST && path !== story);
  if (users.length > 0)
    throw new Error(`${users.map(({ path }) => path).join(", ")} imports ${file.path}: change that first`);
  const stories = sources.filter(({ path }) => path === story).map(({ path }) => path);
  return { id, variable, file, deleted: [file.path, ...emailsOf(file, story, sources), ...stories] };
}

function idsIn(text: string): string[] {
  return [...text.matchAll(/lifecycle\(\{\s*(?:\/\/[^\n]*\s*)*id: "([^"]+)"/g)].map(([, id = ""]) => id);
}

/** The emails that no other file imports or names. */
function emailsOf(file: Source, story: string, sources: Source[]): string[] {
  const others = sources.filter(({ path }) => path !== file.path && path !== story);
  return importsOf(file).filter((path) => {
    const [, name] = /^emails\/([^/]+\.tsx)$/.exec(path) ?? [];
    // A test may read an email by its name.
    return (
      name !== undefined &&
      importersOf(path, others).length === 0 &&
      !others.some(({ text }) => text.includes(`"${name}"`))
    );
  });
}
