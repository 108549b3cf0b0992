import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { testFolder } from "./folder.ts";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));
/** Apart from the user's settings, such as hooks and signatures. */
const OWN = { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" };
const AUTHOR = ["-c", "user.name=A fork", "-c", "user.email=fork@example.com"];

/** Some files in a folder of their own, which is a git repository after the first commit. */
export interface SmallCheckout extends Disposable {
  root: string;
  /** The text of a file; null if it does not exist. */
  read(file: string): string | null;
  write(files: Record<string, string>): void;
  /** The lines of git's output. */
  git(...args: string[]): string[];
  commit(): void;
}

export function smallCheckout(files: Record<string, string>): SmallCheckout {
  const folder = testFolder();
  const root = join(folder.path, "checkout");
  mkdirSync(root);
  const checkout: SmallCheckout = {
    root,
    read: (file) => (existsSync(join(root, file)) ? readFileSync(join(root, file), "utf8") : null),
    write(files) {
      for (const [file, text] of Object.entries(files)) {
        mkdirSync(dirname(join(root, file)), { recursive: true });
        writeFileSync(join(root, file), text);
      }
    },
    git: (...args) => {
      const env = { ...process.env, ...OWN };
      return execFileSync("git", [...AUTHOR, ...args], { cwd: root, encoding: "utf8", env, stdio: "pipe" })
        .split("\n")
        .filter(Boolean);
    },
    commit() {
      checkout.git("init", "--quiet");
      checkout.git("add", "--all");
      checkout.git("commit", "--quiet", "--message", "As it was forked");
    },
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
  checkout.write(files);
  return checkout;
}

/** A checkout with the files that `npm run new` reads, and these workflows of the engine's tests in its list. */
export function checkoutOfWorkflows(changes: Record<string, string> = {}): SmallCheckout {
  const checkout = smallCheckout({
    "package.json": '{ "type": "module" }\n',
    ".gitignore": "node_modules\n",
    "biome.json": readFileSync(join(PROJECT, "biome.json"), "utf8"),
    "emails/_components/locales.ts": `export const LOCALES = [{ locale: "en" }];\n`,
    "src/workflows/topics.ts": `export const TOPICS = { tips: "Tips", offers: "Offers" };\n`,
    "src/workflows/person-properties.ts": "export const PERSON_PROPERTIES = {};\n",
    "src/workflows/index.ts": "export const workflows: LifecycleWorkflow[] = [];\n",
    ...changes,
  });
  symlinkSync(join(PROJECT, "node_modules"), join(checkout.root, "node_modules"));
  checkout.commit();
  return checkout;
}
