import type { PersonProperties } from "./person.ts";
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

/** Everything that the engine needs from a fork. */
export interface Product<Workflow extends WorkflowRoutes> {
  workflows: Workflow[];
  brand: Brand;
  colours: { light: Colours; dark: Colours };
  /** The topics that people can opt out of, and the words for each. */
  topics: Record<string, string>;
  /** The events that have another name here than at Segment, by Segment's name. Other events keep their names. */
  segmentNames: ReadonlyMap<string, string>;
  /** The person of the previews in Novu's dashboard. */
  samplePerson: Partial<PersonProperties>;
}
