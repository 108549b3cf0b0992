/** The list of the workflows. */
export const LIST = "src/workflows/index.ts";

const ELEMENTS = /(\bworkflows\b[^=\n]*=\s*\[)([\s\S]*?)(\n?\];)/;

/** The list with one more workflow at its end. Throws if the text has no list. */
export function withWorkflow(list: string, { variable, file }: { variable: string; file: string }): string {
  if (names(list, variable)) throw new Error(`${LIST} has the name ${variable} already`);
  const longer = list.replace(ELEMENTS, (_, start: string, elements: string, end: string) => {
    const before = elements.trimEnd();
    const comma = before === "" || before.endsWith(",") ? "" : ",";
    return `${start}${before}${comma}\n  ${variable},${end}`;
  });
  if (longer === list) throw new Error(`${LIST} has no list "workflows = […];", to which a workflow could be added`);
  return `import { ${variable} } from "./${file}";\n${longer}`;
}

/** The list without a workflow and its import. Throws if the two are not found. */
export function withoutWorkflow(list: string, { variable, file }: { variable: string; file: string }): string {
  const statement = new RegExp(`^import \\{ ${variable},? \\} from "\\./${file.replaceAll(".", "\\.")}";\n`, "m");
  const shorter = list
    .replace(statement, "")
    .replace(ELEMENTS, (_, start: string, elements: string, end: string) =>
      [start, elements.replace(new RegExp(`\\s*\\b${variable}\\b,?`), ""), end].join(""),
    );
  if (!statement.test(list) || names(shorter, variable))
    throw new Error(`${LIST} has not exactly one import and one element ${variable}: take them out, then try again`);
  return shorter;
}

/** Whether the code has the name, outside its texts. */
function names(code: string, name: string): boolean {
  return new RegExp(`\\b${name}\\b`).test(code.replace(/"[^"\n]*"/g, '""'));
}
