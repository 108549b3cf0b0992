export const TIMELINE_STYLE = `
.axis { padding: 18px 16px 8px; border-bottom: 1px solid var(--line); }
.axis svg { display: block; width: 100%; height: 26px; overflow: visible; }
.axis .line { stroke: var(--edge); stroke-width: 2; }
.axis .mark { stroke-width: 14; stroke-linecap: round; stroke: var(--edge); }
.axis .now { stroke: var(--link); stroke-width: 2; stroke-dasharray: 3 3; }
.axis .good { stroke: var(--good); } .axis .warn { stroke: var(--warn); } .axis .bad { stroke: var(--bad); } .axis .info { stroke: var(--info); }
.axis p { display: flex; justify-content: space-between; gap: 12px; color: var(--soft); font-size: 12.5px; flex-wrap: wrap; }
.timeline { list-style: none; margin: 0; padding: 8px 16px 12px; }
.timeline li { position: relative; display: grid; grid-template-columns: 148px 20px minmax(0, 1fr); gap: 0 14px; padding: 9px 0; }
.timeline li::before { content: ""; position: absolute; left: 171px; top: 0; bottom: 0; width: 2px; background: var(--line); }
.timeline li:first-child::before { top: 16px; }
.timeline li:last-child::before { bottom: auto; height: 16px; }
.timeline li:only-child::before { display: none; }
.timeline li.quiet { color: inherit; }
.timeline .dot { position: relative; width: 20px; height: 20px; border-radius: 50%; display: grid; place-items: center; background: var(--quiet-bg); color: var(--quiet-ink); box-shadow: 0 0 0 4px var(--panel); }
.timeline .dot svg { width: 12px; height: 12px; }
.timeline .good .dot { background: var(--good-bg); color: var(--good-ink); }
.timeline .warn .dot { background: var(--warn-bg); color: var(--warn-ink); }
.timeline .bad .dot { background: var(--bad-bg); color: var(--bad-ink); }
.timeline .info .dot { background: var(--info-bg); color: var(--info-ink); }
.timeline .at { text-align: right; font-size: 12.5px; color: var(--soft); font-variant-numeric: tabular-nums; }
.timeline .at time { display: block; }
.timeline .what { display: grid; gap: 4px; min-width: 0; overflow-wrap: anywhere; justify-items: start; }
.timeline .gap { padding: 3px 0; }
.timeline .gap .what { color: var(--soft); font-size: 12.5px; }
.timeline .gap .dot { width: 8px; height: 8px; margin: 6px; }
.timeline .value { font-size: 13px; color: var(--soft); }
.timeline .value code { color: var(--ink-2); }
@media (max-width: 620px) {
  .timeline li { grid-template-columns: 20px minmax(0, 1fr); }
  .timeline li::before { left: 9px; }
  .timeline .at { grid-column: 2; grid-row: 1; text-align: left; display: flex; gap: 8px; flex-wrap: wrap; }
  .timeline .dot { grid-column: 1; grid-row: 1; }
  .timeline .what { grid-column: 2; }
}
`;
