import type { ReactElement } from "react";

/** Outlines on a grid of 24. Each is beside a word with the same meaning. */
const PATHS = {
  overview: "M4 13h6V4H4zM14 20h6V4h-6zM4 20h6v-4H4z",
  runs: "M4 6h10M4 12h16M4 18h7",
  why: "M9.2 9a3 3 0 1 1 4.3 3c-1 .6-1.5 1.2-1.5 2.3M12 18h.01M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18",
  queue: "M4 7h16M4 12h16M4 17h9M17 15v5m-2.5-2.5 2.5 2.5 2.5-2.5",
  ignored: "M4 5h16v5H4zM6 10v9h12v-9M10 14h4",
  workflows: "M6 4v10a4 4 0 0 0 4 4h8M15 15l3 3-3 3M6 8h7a3 3 0 0 0 3-3V4",
  good: "M5 13l4.5 4.5L19 7",
  bad: "M6 6l12 12M18 6 6 18",
  warn: "M12 4v9M12 18.5v.5",
  info: "M12 10.5V19M12 5.5V6",
  quiet: "M8 12h8",
  eye: "M2 12s3.5-7 10-7 10 7 10 7-3.5 7-10 7-10-7-10-7zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6",
  again: "M4 12a8 8 0 1 0 2.5-5.8M4 4v4h4",
  clock: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M12 7v5l3.5 2",
  messages: "M4 5h16v12H10l-4 3v-3H4z",
  fire: "M13 3 5 14h6l-1 7 8-11h-6z",
  deliveries: "M4 12h12M12 7l5 5-5 5M20 5v14",
  people: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8M4 20c1-4 4-5.5 8-5.5s7 1.5 8 5.5",
  story: "M6 3h9l4 4v14H6zM9 12h7M9 16h5",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14M16 16l4.5 4.5",
} as const;
export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }): ReactElement {
  return (
    <svg
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}

export function Mark(): ReactElement {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="9" fill="#4f46e5" />
      <path
        d="M6 21c3-9 17-9 20 0M11 16v6M21 16v6M16 14v8"
        fill="none"
        stroke="#fff"
        strokeWidth="2.5"
        strokeLinecap="round"
      />
    </svg>
  );
}
