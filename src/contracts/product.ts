import type { Locales, Text } from "./locale.ts";
import type { PersonProperties } from "./person.ts";
import type { OwnUnsubscribeTexts } from "./unsubscribe-texts.ts";
import type { WorkflowRoutes } from "./workflow.ts";

/** The sender of the messages. */
export interface Brand {
  name: string;
  /** The `utm_source` of every link. */
  utmSource: string;
}

/** Every colour by its use, in CSS; each text colour has a contrast of 4.5:1 on its background. */
export interface Colours {
  page: string;
  card: string;
  text: string;
  muted: string;
  accent: string;
  onAccent: string;
}

/** Our names of Segment's events, by Segment's names. An event that is not in the map keeps its name. */
export type SegmentNames = ReadonlyMap<string, string>;

/** Everything that the engine needs from a fork. */
export interface Product<Workflow extends WorkflowRoutes> {
  workflows: Workflow[];
  brand: Brand;
  colours: { light: Colours; dark: Colours };
  /** The topics that people can opt out of, with the title of each. */
  topics: Record<string, Text>;
  locales: Locales;
  unsubscribeTexts: OwnUnsubscribeTexts;
  segmentNames: SegmentNames;
  /** The person of the previews in Novu's dashboard. */
  samplePerson: Partial<PersonProperties>;
}
