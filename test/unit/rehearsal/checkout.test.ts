import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { workflowsIn } from "../../../src/rehearsal/checkout.ts";
import { testFolder } from "../../support/folder.ts";

it("the workflows of another checkout are those of its product", async () => {
  using folder = testFolder();
  const workflows = join(folder.path, "src", "workflows");
  mkdirSync(workflows, { recursive: true });
  writeFileSync(
    join(workflows, "product.ts"),
    'export const product: { workflows: object[] } = { workflows: [{ id: "former", events: ["called"] }] };\n',
  );
  expect(await workflowsIn({ folder: folder.path })).toEqual([{ id: "former", events: ["called"] }]);
});
