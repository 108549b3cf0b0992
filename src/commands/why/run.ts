import type { Product } from "../../contracts/product.ts";
import type { LifecycleWorkflow } from "../../engine/lifecycle.ts";
import { explain } from "../../explain/explain.ts";
import type { Chain, ChainLink } from "../../explain/explanation.ts";
import { type RunContext, UsageError } from "../../lib/command.ts";
import { type Paint, printable } from "../../lib/command-io.ts";
import { storeIn, withStoreToRead } from "../command-store.ts";
import type { OPTIONS } from "../why.ts";

const STYLES = { good: "green", bad: "red", warn: "yellow", info: "blue", quiet: "dim" } as const;

export async function run(
  { options: { person, workflow, json }, env, now, io }: RunContext<typeof OPTIONS>,
  { workflows }: Pick<Product<LifecycleWorkflow>, "workflows">,
): Promise<number> {
  if (person === undefined || person === "") throw new UsageError("--person is missing");
  const history = await withStoreToRead({ ...storeIn(env), now }, (store) =>
    store.runs.history({ distinctId: person, workflow }),
  );
  const chain = explain(history, { person, workflow, workflows });
  io.print(json ? JSON.stringify(chain) : textOf(chain, io.paint));
  return chain.isKnown ? 0 : 1;
}

function textOf({ answer, links }: Chain, paint: Paint): string {
  return [printable(answer), ...(links.length > 0 ? [""] : []), ...links.map((link) => lineOf(link, paint))].join("\n");
}

function lineOf({ at, tone, label, sentence, value, note }: ChainLink, paint: Paint): string {
  const line = `${at.slice(0, 19).replace("T", " ")}  ${paint(STYLES[tone], printable(label).padEnd(20))}  ${printable(sentence)}`;
  const below = [value, note].flatMap((text) => (text === null ? [] : [text]));
  return [line, ...below.map((text) => `${" ".repeat(43)}${paint("dim", printable(text))}`)].join("\n");
}
