import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";

/** A source file of the checkout; the path has slashes on each system. */
export interface Source {
  path: string;
  text: string;
}

/** The TypeScript files in these folders of `root`. */
export function sourcesIn(root: string, folders: string[]): Source[] {
  return folders
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
        .filter((name) => /\.tsx?$/.test(name) && !name.includes("node_modules"))
        .map((name) => posix.join(folder, name.replaceAll("\\", "/"))),
    )
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

/** The paths of the project's files that a file imports. */
export function importsOf({ path, text }: Source): string[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map(([, target = ""]) =>
    posix.join(dirname(path), target),
  );
}

export function importersOf(target: string, sources: Source[]): Source[] {
  return sources.filter((source) => importsOf(source).includes(target));
}
