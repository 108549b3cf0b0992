import { brand } from "../emails/_components/brand.ts";
import { dark, light } from "../emails/_components/tokens.ts";
import type { Product } from "./contracts/product.ts";
import { SEGMENT_NAMES } from "./ingress/segment-names.ts";
import { workflows } from "./workflows/index.ts";
import type { LifecycleWorkflow } from "./workflows/lifecycle.ts";
import { TOPICS } from "./workflows/topics.ts";

/** What this app sends, and in whose name: the one place where the engine is handed what is a fork's own. */
export const product: Product<LifecycleWorkflow> = {
  workflows,
  brand,
  colours: { light, dark },
  topics: TOPICS,
  segmentNames: SEGMENT_NAMES,
};
