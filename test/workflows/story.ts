import { expect } from "vitest";
import { product } from "../../src/workflows/product.ts";
import { inEachLocale, type Rendering } from "../support/each-locale.ts";
import { type Story as AnyStory, openStory as openAnyStory, type StoryOptions } from "../support/story.ts";

export interface Story extends AnyStory {
  /** The messages that were sent to a person, the earliest first, as they would be in a locale. */
  inLocale(person: string, locale: string): Array<Record<string, unknown>>;
}

/**
 * A story of the workflows that this checkout ships, with its brand, topics and Segment names; what it can do is in
 * test/support/story.ts. At its end each message that was sent has to be complete in each locale.
 */
export async function openStory({ workflows = product.workflows, ...options }: StoryOptions): Promise<Story> {
  const rendered: Rendering[] = [];
  const story = await openAnyStory({
    product,
    workflows: workflows.map((workflow) => inEachLocale(workflow, product.locales, (one) => rendered.push(one))),
    ...options,
  });
  return {
    ...story,
    inLocale: (person, locale) =>
      rendered.flatMap((one) => (one.distinctId === person && one.locale === locale ? [contentOf(one)] : [])),
    async [Symbol.asyncDispose]() {
      await story[Symbol.asyncDispose]();
      for (const one of rendered) expectComplete(one);
    },
  };
}

function expectComplete(rendering: Rendering): void {
  const { workflow, step, locale } = rendering;
  const content = contentOf(rendering);
  const texts = JSON.stringify(content);
  expect([workflow, step, locale, texts]).toEqual([workflow, step, locale, expect.stringMatching(/\p{L}/u)]);
  expect([workflow, step, locale, /undefined|NaN|\[object/.exec(texts)?.[0]]).toEqual([
    workflow,
    step,
    locale,
    undefined,
  ]);
}

function contentOf({ workflow, step, locale, content }: Rendering): Record<string, unknown> {
  if (content instanceof Error) throw new Error(`${workflow}/${step} in ${locale}`, { cause: content });
  return content;
}
