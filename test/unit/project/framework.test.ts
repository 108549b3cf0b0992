import { readFileSync } from "node:fs";
import type { ExecuteInput, workflow } from "@novu/framework";
import { actionStepSchemas, channelStepSchemas } from "@novu/framework/step-resolver";
import { describe, expect, it } from "vitest";
import framework from "../../../node_modules/@novu/framework/package.json" with { type: "json" };

// The compiler finds an option that an update of the framework adds or removes.
type Names<Options> = Record<keyof Options, true>;
type Input = ExecuteInput<Record<string, unknown>, Record<string, unknown>>;
type Step = Input["step"];
type OptionsOf<Name extends keyof Step> = NonNullable<Parameters<Step[Name]>[2]>;

const STEPS: Names<Step> = {
  ...{ email: true, inApp: true, push: true, sms: true, chat: true, tool: true },
  ...{ delay: true, digest: true, throttle: true, custom: true },
};
const MESSAGE: Names<OptionsOf<"email">> = {
  ...{ skip: true, controlSchema: true, providers: true, disableOutputSanitization: true },
};
const CUSTOM: Names<OptionsOf<"custom">> = { skip: true, controlSchema: true, outputSchema: true };
const ACTION: Names<OptionsOf<"delay">> = { skip: true, controlSchema: true };
const WORKFLOW: Names<NonNullable<Parameters<typeof workflow>[2]>> = {
  ...{ payloadSchema: true, controlSchema: true, envSchema: true },
  ...{ preferences: true, tags: true, name: true, description: true, severity: true },
};
const INPUT: Names<Input> = { step: true, payload: true, subscriber: true, env: true, controls: true, context: true };

interface Schema {
  properties?: object;
  oneOf?: Schema[];
}

const { in_app: inApp, ...channels } = channelStepSchemas as Record<string, { output: Schema; result: Schema }>;
const SCHEMAS: Record<string, { output: Schema; result: Schema } | undefined> = {
  ...{ inApp, ...channels },
  ...(actionStepSchemas as Record<string, { output: Schema; result: Schema }>),
};

const rows = new Map(tableRows().map(([name = "", ...cells]) => [name.replaceAll("`", ""), cells]));

it("names the version of the framework", () => {
  expect(readme()).toContain(`Of @novu/framework ${framework.version}, a workflow has this`);
});

it("has a row for each step of the framework", () => {
  const steps = [...rows.keys()].flatMap((name) => (name.startsWith("step.") ? [name.slice("step.".length)] : []));
  expect(steps.sort()).toEqual(Object.keys(STEPS).sort());
  expect(Object.keys(SCHEMAS).sort()).toEqual(
    Object.keys(STEPS)
      .filter((name) => name !== "custom")
      .sort(),
  );
});

describe("names each field", () => {
  it.each(Object.entries(SCHEMAS))("of step.%s", (name, schemas) => {
    const fields = [schemas?.output, schemas?.result].flatMap((schema) => fieldsOf(schema ?? {}));
    expect(missingIn(`step.${name}`, fields)).toEqual([]);
  });

  it.each<[string, string[]]>([
    ["options of a step", Object.keys({ ...MESSAGE, ...ACTION })],
    ["step.custom", Object.keys(CUSTOM).filter((option) => !(option in ACTION))],
    ["options of a workflow", Object.keys(WORKFLOW)],
    ["the function", Object.keys(INPUT)],
  ])("of %s", (row, fields) => {
    expect(missingIn(row, fields)).toEqual([]);
  });
});

it("gives a reason for each field that a workflow does not have", () => {
  for (const [name, [, left = ""]] of rows) if (left !== "") expect(`${name}: ${left}`).toMatch(/`.+(:|and|is) .{5,}/);
});

function fieldsOf({ properties = {}, oneOf = [] }: Schema): string[] {
  return [...Object.keys(properties), ...oneOf.flatMap(fieldsOf)];
}

function missingIn(row: string, fields: string[]): string[] {
  const words = [...(rows.get(row) ?? []).join(" ").matchAll(/`(\w+)`/g)].map(([, word]) => word);
  return [...new Set(fields)].filter((field) => !words.includes(field));
}

function tableRows(): string[][] {
  const [, table = ""] = readme().split("| Novu | here | not here, and why |\n");
  const lines = table.split("\n\n")[0]?.split("\n").slice(1) ?? [];
  return lines.map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  ) as string[][];
}

function readme(): string {
  return readFileSync("src/workflows/README.md", "utf8");
}
