import type { z } from "zod";
import type { Person } from "../contracts/person.ts";

/** The facts for a message: the person, read at this moment, and the controls that a colleague set in Novu. */
export interface Moment<Controls> {
  person: Person["properties"];
  distinctId: string;
  controls: Controls;
  /** The present time; the machine's clock may differ. */
  now: Date;
  /**
   * A link as it goes into this message: with `utm_…`, and through a redirect that counts the click. An SMS is too
   * short for the redirect unless `track` is true. A link that is not to the web stays as it is.
   */
  link(url: string, options?: { track?: boolean }): string;
}

/** The same, with this person's variants of the workflow's experiments. */
export interface Composition<Controls, Variants> extends Moment<Controls> {
  variants: Variants;
}

export type Compose<Controls extends z.ZodObject, Output, Variants> = (
  moment: Composition<z.output<Controls>, Variants>,
) => Output;

export interface SendOptions<Controls extends z.ZodObject = z.ZodObject> {
  /** The fields that a colleague can change in Novu's dashboard, besides the switch that every message has; each with a title and a default. */
  controlSchema?: Controls;
  /** Why this message is not right for this person now, in a few words; false when it is. */
  skip?(moment: Moment<z.output<Controls>>): string | false;
  /**
   * Whether it goes out outside the sending hours too, for an answer to something the person has just done. By default
   * marketing does not, and transactional messages do. In-app messages always do.
   */
  atAnyHour?: boolean;
}
