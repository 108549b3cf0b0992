import type { ReactElement } from "react";
import { type Frame, link } from "../page.ts";
import { type Field, RowTable } from "../ui/fields.tsx";
import { number } from "../ui/parts.tsx";

export interface ReasonCount {
  reason: string;
  reasonRef: string;
  count: number;
}

const COUNT: Field<ReasonCount> = { name: "Events", kind: "number", of: ({ count }) => number(count) };

/** The ignored events by reason, each with a link to the list. */
export function ReasonTable({
  reasons,
  current = "",
  frame,
}: {
  reasons: ReasonCount[];
  current?: string;
  frame: Frame;
}): ReactElement {
  const reason: Field<ReasonCount> = {
    name: "Reason",
    kind: "long",
    of: (row) => (
      <a
        href={link("/studio/ignored", { reason: row.reasonRef })}
        aria-current={row.reasonRef === current ? "true" : undefined}
      >
        {row.reason}
      </a>
    ),
  };
  return (
    <RowTable
      caption="Ignored events by reason"
      fields={[reason, COUNT]}
      rows={reasons}
      keyOf={({ reasonRef }) => reasonRef}
      frame={frame}
    />
  );
}
