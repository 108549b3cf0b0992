import type { PersonProperties } from "./person.ts";
import type { WorkflowRoutes } from "./workflow.ts";

/** In whose name the messages go out. */
export interface Brand {
  name: string;
  /** The `utm_source` of every link. */
  utmSource: string;
}

/** Every colour by its use, as CSS writes it; each ink has 4.5:1 on its ground. */
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
  /** The topics that people can turn off, and the words for each. */
  topics: Record<string, string>;
  /** The events of Segment that have another name here, with that name. An event that is not in the list keeps its name. */
  segmentNames: ReadonlyMap<string, string>;
  /** The person of the previews in Novu's dashboard. */
  samplePerson: Partial<PersonProperties>;
}
