import type { Clone } from "./clone.ts";

const README = "src/workflows/README.md";
const LIST = "src/workflows/index.ts";

/** A block of code in a README, and the file in its first line; null for a part of a file. */
interface Example {
  file: string | null;
  code: string;
}

/** The examples of src/workflows/README.md in order. */
export function examplesIn(clone: Clone): Example[] {
  return [...clone.read(README).matchAll(/```tsx?\n(?:\/\/ (\S+\.tsx?)\n)?(.*?)```/gs)].map(
    ([, file = null, code = ""]) => ({ file, code }),
  );
}

/** Writes the examples that are files, adds the workflows among them to the list, and returns the files. */
export function addByReadme(clone: Clone): string[] {
  const written: string[] = [];
  for (const { file, code } of examplesIn(clone)) {
    if (file === null) continue;
    clone.write(file, code);
    written.push(file);
    const [, name] = /export const (\w+) = lifecycle\(/.exec(code) ?? [];
    if (name !== undefined) list(clone, name, file);
  }
  return written;
}

function list(clone: Clone, name: string, file: string): void {
  const from = file.replace("src/workflows/", "./");
  clone.edit(LIST, (text) =>
    text
      .replace(/^/, `import { ${name} } from "${from}";\n`)
      .replace(/(LifecycleWorkflow\[\] = \[\n)/, `$1  ${name},\n`),
  );
}

/** Another name, app, links and colours, with enough contrast. */
export function rebrand(clone: Clone): void {
  const brand: Record<string, string> = {
    name: "Northwind",
    appUrl: "https://northwind.test",
    utmSource: "northwind-mail",
    helpEmail: "hello@northwind.test",
    postalAddress: "Northwind BV, 1 Kade, 1011 Amsterdam, Netherlands",
  };
  for (const [key, value] of Object.entries(brand))
    clone.edit("emails/_components/brand.ts", (text) => text.replace(new RegExp(`(\\b${key}: )".*"`), `$1"${value}"`));
  clone.edit("emails/_components/brand.ts", (text) =>
    text.replace(/(linkHosts: )\[.*\]/, '$1["northwind.test", "northwind-shop.test"]'),
  );
  const colours: Array<[scheme: "light" | "dark", name: string, value: string]> = [
    ["light", "page", "#fff8f0"],
    ["light", "accent", "#9a3412"],
    ["light", "text", "#27150c"],
    ["dark", "page", "#1a1008"],
    ["dark", "accent", "#fdba74"],
  ];
  for (const [scheme, name, value] of colours)
    clone.edit("emails/_components/tokens.ts", (text) =>
      text.replace(new RegExp(`(const ${scheme}\\b.*?\\b${name}: )"[^"]+"`, "s"), `$1"${value}"`),
    );
}

/** Another key and another text for each topic, in the workflows too. */
export function renameTopics(clone: Clone): void {
  const keys = [...clone.read("src/workflows/topics.ts").matchAll(/^ {2}(\w+): /gm)].map(([, key = ""]) => key);
  for (const [index, key] of keys.entries()) {
    clone.edit("src/workflows/topics.ts", (text) =>
      text.replace(new RegExp(`^  ${key}: (".*"|\\{.*\\})`, "m"), `  topic_${index}: "Our topic ${index}"`),
    );
    for (const file of clone.files("src/workflows"))
      if (file.endsWith(".tsx"))
        clone.write(file, clone.read(file).replaceAll(`topic: "${key}"`, `topic: "topic_${index}"`));
  }
}

/** A marketing workflow becomes transactional, without an opt-out. */
export function makeTransactional(clone: Clone, id: string): void {
  clone.edit(`src/workflows/${id}.tsx`, (text) =>
    text.replace('category: "marketing"', 'category: "transactional"').replace(/^ {2}topic: .*\n/m, ""),
  );
}
