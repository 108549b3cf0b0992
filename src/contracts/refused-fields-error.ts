import { PermanentError } from "../lib/errors.ts";
import type { ProfileField } from "./routing.ts";

/** Novu refused these fields of a subscriber; without them it may accept the rest. */
export class RefusedFieldsError extends PermanentError {
  readonly fields: ProfileField[];

  constructor(message: string, fields: ProfileField[]) {
    super(message);
    this.fields = fields;
  }
}
