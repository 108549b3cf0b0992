import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = new URL("../../", import.meta.url);

export interface SourceFile {
  /** From the root of the project, such as src/lib/clock.ts. */
  path: string;
  text: string;
}

/** The TypeScript files in a folder of the project, at every depth, by path. */
export function sourceFiles(folder: string): SourceFile[] {
  return readdirSync(fileURLToPath(new URL(folder, root)), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)
    .sort()
    .map((path) => ({ path, text: readFileSync(new URL(path, root), "utf8") }));
}

/** src/store/jobs.ts → src/store, src/app.ts → src/app, emails/x.tsx → emails */
export function folderOf(path: string): string {
  const [top = "", second = ""] = path.split("/");
  return top === "src" ? `src/${second.replace(/\.tsx?$/, "")}` : top;
}
