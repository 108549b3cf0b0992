import type { ReactElement, ReactNode } from "react";
import { useFrame, workflowPath } from "../page.ts";
import { Id } from "./parts.tsx";

/** One value of a row: a column of a table, or an entry of the list on the row's own page. */
export interface Field<Row> {
  name: string;
  /** Numbers are aligned right; long texts get more room; slim cells get less on a phone. */
  kind?: "number" | "long" | "slim" | "slim long";
  of(row: Row): ReactNode;
}

/**
 * The first field of a row is the row's heading. In a narrow panel each row is a card, with the names of the columns inside
 * (narrow-style.ts). A table that is wider than its panel scrolls, also by keyboard.
 */
export function RowTable<Row>({
  caption,
  fields,
  rows,
  keyOf,
  empty,
}: {
  caption: string;
  fields: Array<Field<Row>>;
  rows: Row[];
  keyOf(row: Row): string | number;
  /** Shown instead of a table without rows. */
  empty?: ReactElement;
}): ReactElement {
  if (empty !== undefined && rows.length === 0) return empty;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling area has to be reachable by keyboard
    <section className="scroll" tabIndex={0} aria-label={caption}>
      <table>
        <caption>{caption}</caption>
        <thead>
          <tr>
            {fields.map(({ name, kind }) => (
              <th key={name} scope="col" className={kind === "number" ? kind : undefined}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {fields.map(({ name, kind, of }, at) =>
                at === 0 ? (
                  <th key={name} scope="row" className={kind}>
                    {of(row)}
                  </th>
                ) : (
                  <td key={name} className={kind} data-label={kind?.startsWith("slim") ? undefined : name}>
                    {of(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

export function FieldList<Row>({ fields, row }: { fields: Array<Field<Row>>; row: Row }): ReactElement {
  return (
    <dl className="facts">
      {fields.map(({ name, of }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{of(row)}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The name of a workflow, with a link to its page; only the id if the workflow is no longer in the code. */
export function WorkflowLink({ id }: { id: string }): ReactElement {
  const workflow = useFrame().workflows.find((one) => one.id === id);
  return workflow === undefined ? <Id>{id}</Id> : <a href={workflowPath(id)}>{workflow.name}</a>;
}
