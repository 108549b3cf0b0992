import { product } from "../../src/workflows/product.ts";
import { openStory as openAnyStory, type Story, type StoryOptions } from "../support/story.ts";

export type { Story };

/** A story of the workflows that this checkout ships, with its brand, topics and Segment names; what it can do is in test/support/story.ts. */
export function openStory(options: StoryOptions): Promise<Story> {
  return openAnyStory({ product, ...options });
}
