import { brand } from "../../emails/_components/brand.ts";
import { LOCALES } from "../../emails/_components/locales.ts";
import { dark, light } from "../../emails/_components/tokens.ts";
import type { Product } from "../contracts/product.ts";
import type { LifecycleWorkflow } from "../engine/lifecycle.ts";
import { workflows } from "./index.ts";
import { samplePerson } from "./sample-person.ts";
import { SEGMENT_NAMES } from "./segment-names.ts";
import { TOPICS } from "./topics.ts";
import { UNSUBSCRIBE_TEXTS } from "./unsubscribe-texts.ts";

/** Everything of this fork that the engine needs. */
export const product: Product<LifecycleWorkflow> = {
  workflows,
  brand,
  colours: { light, dark },
  topics: TOPICS,
  locales: LOCALES,
  unsubscribeTexts: UNSUBSCRIBE_TEXTS,
  segmentNames: SEGMENT_NAMES,
  samplePerson,
};
