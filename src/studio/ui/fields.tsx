import type { ReactElement, ReactNode } from "react";
import { type Frame, workflowPath } from "../page.ts";
import { Id, Table } from "./parts.tsx";

/** One value of a row: a column of a table, or an entry of the list on the row's own page. */
export interface Field<Row> {
  name: string;
  /** Numbers are aligned right; long texts get more room; slim cells get less on a phone. */
  kind?: "number" | "long" | "slim" | "slim long";
  of(row: Row, frame: Frame): ReactNode;
}

/** The first field is the heading of its row. */
export function RowTable<Row>({
  caption,
  fields,
  rows,
  keyOf,
  frame,
}: {
  caption: string;
  fields: Array<Field<Row>>;
  rows: Row[];
  keyOf(row: Row): string | number;
  frame: Frame;
}): ReactElement {
  const columns = fields.map(({ name, kind }) => (kind === "number" ? `#${name}` : name));
  return (
    <Table caption={caption} columns={columns}>
      {rows.map((row) => (
        <tr key={keyOf(row)}>
          {fields.map(({ name, kind, of }, at) =>
            at === 0 ? (
              <th key={name} scope="row" className={kind}>
                {of(row, frame)}
              </th>
            ) : (
              <td key={name} className={kind}>
                {of(row, frame)}
              </td>
            ),
          )}
        </tr>
      ))}
    </Table>
  );
}

export function FieldList<Row>({
  fields,
  row,
  frame,
}: {
  fields: Array<Field<Row>>;
  row: Row;
  frame: Frame;
}): ReactElement {
  return (
    <dl className="facts">
      {fields.map(({ name, of }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{of(row, frame)}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A workflow by its name, with a link to its page. One that is no longer in the code has only its id. */
export function WorkflowLink({ id, frame }: { id: string; frame: Frame }): ReactElement {
  const workflow = frame.workflows.find((one) => one.id === id);
  return workflow === undefined ? <Id>{id}</Id> : <a href={workflowPath(id)}>{workflow.name}</a>;
}
