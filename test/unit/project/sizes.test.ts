import { describe, expect, it } from "vitest";
import { parseAst } from "vitest/node";
import { type SourceFile, sourceFiles } from "../../support/source-files.ts";

const MOST_LINES_OF_A_FILE = 250;
const MOST_LINES_OF_A_FUNCTION = 60;

interface Node {
  type: string;
  start: number;
  end: number;
}

interface NamedFunction {
  name: string;
  node: Node;
}

describe("the sizes in src", () => {
  // The workflows are the fork's own, and one function each.
  const files = sourceFiles("src").filter(({ path }) => !path.startsWith("src/workflows/"));

  it(`are at most ${MOST_LINES_OF_A_FILE} lines in a file`, () => {
    const large = files.filter(({ text }) => text.split("\n").length - 1 > MOST_LINES_OF_A_FILE);
    expect(large.map(({ path }) => path)).toEqual([]);
  });

  it(`are at most ${MOST_LINES_OF_A_FUNCTION} lines in a function, without the named functions in it`, () => {
    const large = files.flatMap((file) =>
      functionSizes(file)
        .filter(({ lines }) => lines > MOST_LINES_OF_A_FUNCTION)
        .map(({ name }) => `${file.path} ${name}`),
    );
    expect(large).toEqual([]);
  });

  it("are counted per function", () => {
    const text = `function outer() {
  const inner = () => {
    return 1;
  };
  return {
    method() {
      return list.map((one) =>
        one(inner));
    },
  };
}
`;
    expect(functionSizes({ path: "a.ts", text })).toEqual([
      { name: "outer", lines: 4 },
      { name: "inner", lines: 3 },
      { name: "method", lines: 4 },
    ]);
  });
});

/** A function's lines from its first to its last, without those of the named functions in it. */
function functionSizes({ path, text }: SourceFile): Array<{ name: string; lines: number }> {
  const found = namedFunctions(parseAst(text, { lang: path.endsWith("x") ? "tsx" : "ts" }) as Node, "");
  return found.map(({ name, node }) => {
    const inner = found.filter((one) => one.node !== node && isIn(one.node, node));
    const outermost = inner.filter((one) => !inner.some((other) => other !== one && isIn(one.node, other.node)));
    const innerLines = outermost.map((one) => linesOf(one.node)).reduce((sum, lines) => sum + lines, 0);
    return { name, lines: linesOf(node) - innerLines };
  });

  function linesOf({ start, end }: Node): number {
    return text.slice(start, end).split("\n").length;
  }
}

/** Functions that are declared, returned, or the value of a constant or a property. Callbacks belong to the function around them. */
function namedFunctions(node: Node, name: string): NamedFunction[] {
  const isFunction = /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type);
  const ownName = nameIn(node, "id") ?? (name || undefined);
  const found = isFunction && ownName !== undefined ? [{ name: ownName, node }] : [];
  const namesValue = /^(VariableDeclarator|Property|MethodDefinition|PropertyDefinition)$/.test(node.type);
  for (const [key, child] of Object.entries(node)) {
    const nameOfChild =
      namesValue && (key === "init" || key === "value") ? (nameIn(node, "id") ?? nameIn(node, "key")) : "";
    for (const one of [child].flat()) if (isNode(one)) found.push(...namedFunctions(one, nameOfChild ?? ""));
  }
  return found;
}

function nameIn(node: Node, key: "id" | "key"): string | undefined {
  const named = (node as Partial<Record<typeof key, { name?: string } | null>>)[key];
  return named?.name;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && "start" in value;
}

function isIn(inner: Node, outer: Node): boolean {
  return inner.start >= outer.start && inner.end <= outer.end;
}
