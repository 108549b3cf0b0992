import { NARROW_STYLE } from "./narrow-style.ts";
import { SANDBOX_STYLE } from "./sandbox-style.ts";

/** Every colour by its use. Text has a contrast of 4.5:1 or more on its background. */
const COLOURS = `
:root {
  --ground: #f7f8fa; --panel: #ffffff; --rail: #fcfcfd; --table-head: #fafbfc; --hover: #f3f4f7;
  --line: #e3e6eb; --line-2: #eef0f3; --edge: #868e9c;
  --ink: #14171f; --ink-2: #3a4150; --soft: #5a6270; --link: #4338ca;
  --chosen: #eceafd; --chosen-ink: #3a30b0;
  --action: #4f46e5; --action-2: #4338ca; --action-ink: #ffffff;
  --good: #17995b; --good-bg: #e1f5ea; --good-ink: #0d5f38;
  --warn: #d18a11; --warn-bg: #fcf0d9; --warn-ink: #7a4705;
  --bad: #d5392b; --bad-bg: #fde9e7; --bad-ink: #a01c11; --bad-line: #f0b6b0;
  --info: #3b6fe0; --info-bg: #e6eefd; --info-ink: #1e469f;
  --quiet-bg: #edeff3; --quiet-ink: #48505e;
  --lift: 0 1px 2px rgb(16 20 30 / 5%);
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0d0f14; --panel: #14171e; --rail: #101319; --table-head: #171b23; --hover: #1b202a;
    --line: #262c38; --line-2: #1f2530; --edge: #6c7687;
    --ink: #e9ecf2; --ink-2: #c3c9d5; --soft: #9aa4b5; --link: #a9b1ff;
    --chosen: #262a52; --chosen-ink: #c9ceff;
    --action: #5b54e8; --action-2: #6a63ee; --action-ink: #ffffff;
    --good: #35c07d; --good-bg: #0f3325; --good-ink: #7fe3b2;
    --warn: #e0a63a; --warn-bg: #3a2a0c; --warn-ink: #f5cd7d;
    --bad: #f0685c; --bad-bg: #431a18; --bad-ink: #ffb1aa; --bad-line: #6e2b27;
    --info: #6d9bff; --info-bg: #172a50; --info-ink: #adc8ff;
    --quiet-bg: #242a35; --quiet-ink: #b9c1ce;
    --lift: none;
  }
}
`;

const TIMELINE_STYLE = `
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

/** The style sheet of the studio. It needs no build. */
export const STYLE = `${COLOURS}
*, *::before, *::after { box-sizing: border-box; }
html { color-scheme: light dark; -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 14px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
a { color: var(--link); text-underline-offset: 3px; text-decoration-thickness: 1px; }
a:hover { text-decoration-thickness: 2px; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 4px; }
h1 { margin: 0; font-size: 22px; line-height: 1.25; letter-spacing: -0.015em; font-weight: 650; overflow-wrap: anywhere; }
h2 { margin: 0; font-size: 15px; line-height: 1.4; font-weight: 620; }
p { margin: 0; }
code, .id, pre { font: 12.5px/1.55 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
.id { user-select: all; overflow-wrap: anywhere; }
time { white-space: nowrap; }
.skip { position: absolute; left: -999px; top: 8px; z-index: 9; padding: 8px 12px; background: var(--panel); border-radius: 8px; }
.skip:focus { left: 8px; }
.quiet { color: var(--soft); }
.number { text-align: right; font-variant-numeric: tabular-nums; }

.shell { min-height: 100vh; display: grid; grid-template-columns: 220px minmax(0, 1fr); background: linear-gradient(var(--rail), var(--rail)) 0 0 / 220px 100% no-repeat; }
.rail { position: sticky; top: 0; height: 100vh; padding: 18px 12px; display: flex; flex-direction: column; gap: 22px; }
.brand { display: flex; align-items: center; gap: 10px; padding: 0 8px; font-weight: 650; letter-spacing: -0.01em; color: var(--ink); text-decoration: none; }
.brand svg { width: 26px; height: 26px; flex: none; }
.brand small { display: block; font-weight: 450; font-size: 12px; letter-spacing: 0; color: var(--soft); }
.rail ul { list-style: none; margin: 0; padding: 0; display: grid; gap: 2px; }
.rail li a { display: flex; align-items: center; gap: 10px; padding: 7px 10px; border-radius: 8px; color: var(--ink-2); text-decoration: none; font-weight: 500; white-space: nowrap; }
.rail li a:hover { background: var(--hover); color: var(--ink); }
.rail li a[aria-current] { background: var(--chosen); color: var(--chosen-ink); }
.rail li svg { width: 17px; height: 17px; flex: none; }
.rail .end { margin-top: auto; padding: 0 8px; display: grid; gap: 8px; font-size: 12.5px; color: var(--soft); }

main { border-left: 1px solid var(--line); padding: 28px clamp(16px, 3vw, 40px) 64px; display: grid; gap: 22px; align-content: start; max-width: 1280px; width: 100%; min-width: 0; }
main > * { min-width: 0; }
.head { display: flex; flex-wrap: wrap; align-items: flex-start; justify-content: space-between; gap: 12px 24px; }
.head > div { display: grid; gap: 4px; min-width: 0; }
.head p { color: var(--soft); max-width: 72ch; }

.panel { background: var(--panel); border: 1px solid var(--line); border-radius: 12px; box-shadow: var(--lift); overflow: hidden; }
.panel > header { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 8px 16px; padding: 13px 16px; border-bottom: 1px solid var(--line); }
.panel > header .acts { gap: 6px 14px; }
.panel > header p { color: var(--soft); }
.panel .body { padding: 16px; display: grid; gap: 12px; }
.panel > footer { padding: 10px 16px; border-top: 1px solid var(--line); }
.tiles { display: grid; gap: 12px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 160px), 1fr)); }
.tile { padding: 14px 16px; display: grid; gap: 2px; background: var(--panel); border: 1px solid var(--line); border-radius: 12px; box-shadow: var(--lift); align-content: start; }
.tile dt { color: var(--soft); font-weight: 500; }
.tile dd { margin: 0; }
.tile .big { font-size: 26px; line-height: 1.2; font-weight: 640; letter-spacing: -0.02em; font-variant-numeric: tabular-nums; }
.tile.bad { border-color: var(--bad-line); }
dl.tiles { margin: 0; }

.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
th { text-align: left; font-weight: 500; font-size: 12.5px; color: var(--soft); padding: 9px 16px; white-space: nowrap; background: var(--table-head); border-bottom: 1px solid var(--line); }
td { padding: 10px 16px; border-top: 1px solid var(--line-2); vertical-align: top; }
tbody tr:first-child td, tbody tr:first-child th { border-top: 0; }
tbody th { font-size: 14px; color: var(--ink); background: none; border-bottom: 0; border-top: 1px solid var(--line-2); white-space: normal; vertical-align: top; }
tbody tr:hover { background: var(--hover); }
th.number { text-align: right; }
.stack { display: flex; flex-wrap: wrap; gap: 4px 6px; }
.two { display: block; color: var(--soft); font-size: 12.5px; font-weight: 400; overflow-wrap: anywhere; }
tbody th { min-width: 13rem; }
td { min-width: 6.5rem; }
.long { min-width: 17rem; overflow-wrap: anywhere; }

.pill { display: inline-flex; align-items: center; gap: 5px; padding: 1px 8px; border-radius: 99px; font-size: 12.5px; line-height: 20px; font-weight: 540; white-space: nowrap; background: var(--quiet-bg); color: var(--quiet-ink); }
a > .pill { text-decoration: underline; text-underline-offset: 2px; }
.pill svg { width: 12px; height: 12px; flex: none; }
.pill b { font-weight: 640; font-variant-numeric: tabular-nums; }
.pill.good { background: var(--good-bg); color: var(--good-ink); }
.pill.bad { background: var(--bad-bg); color: var(--bad-ink); }
.pill.warn { background: var(--warn-bg); color: var(--warn-ink); }
.pill.info { background: var(--info-bg); color: var(--info-ink); }
.notice { display: flex; gap: 10px; padding: 11px 14px; border-radius: 10px; background: var(--info-bg); color: var(--info-ink); }
.notice svg { width: 18px; height: 18px; flex: none; margin-top: 1px; }
.notice.warn { background: var(--warn-bg); color: var(--warn-ink); }
.notice.bad { background: var(--bad-bg); color: var(--bad-ink); }
.notice.good { background: var(--good-bg); color: var(--good-ink); }
.notice a { color: inherit; }
.empty { padding: 44px 20px; text-align: center; display: grid; gap: 6px; justify-items: center; color: var(--soft); }
.empty svg { width: 30px; height: 30px; margin-bottom: 4px; }
.empty strong { color: var(--ink); font-weight: 600; font-size: 15px; }
.empty p { max-width: 56ch; }

form { margin: 0; }
.bar { display: flex; flex-wrap: wrap; gap: 10px; align-items: flex-end; }
.field { display: grid; gap: 4px; font-size: 12.5px; font-weight: 500; color: var(--soft); flex: 1 1 150px; }
.field.wide { flex: 3 1 260px; }
input, select { width: 100%; font: inherit; font-size: 14px; color: var(--ink); background: var(--panel); border: 1px solid var(--edge); border-radius: 8px; padding: 7px 10px; height: 36px; min-width: 0; }
.button { font: inherit; font-weight: 560; display: inline-flex; align-items: center; gap: 7px; height: 36px; padding: 0 14px; border-radius: 8px; border: 1px solid var(--edge); background: var(--panel); color: var(--ink); cursor: pointer; text-decoration: none; white-space: nowrap; }
.button:hover { background: var(--hover); }
.button.first { background: var(--action); border-color: var(--action); color: var(--action-ink); }
.button.first:hover { background: var(--action-2); }
.button.small { height: 30px; padding: 0 10px; font-size: 13px; }
.button svg { width: 15px; height: 15px; }
.tabs { display: inline-flex; padding: 3px; gap: 2px; border-radius: 9px; background: var(--quiet-bg); }
.tabs a { padding: 3px 12px; border-radius: 7px; text-decoration: none; color: var(--quiet-ink); font-weight: 540; white-space: nowrap; }
.tabs a[aria-current] { background: var(--panel); color: var(--ink); box-shadow: var(--lift); }
details > summary { cursor: pointer; }
details.act > summary { list-style: none; width: max-content; }
details.act > summary::-webkit-details-marker { display: none; }
details.act[open] > summary { margin-bottom: 8px; }
details.act form { padding: 12px; border: 1px solid var(--line); border-radius: 10px; background: var(--ground); display: grid; gap: 10px; justify-items: start; min-width: min(100%, 15rem); }
pre { margin: 0; padding: 12px 14px; border-radius: 8px; background: var(--ground); border: 1px solid var(--line-2); overflow: auto; max-height: 26rem; white-space: pre-wrap; overflow-wrap: anywhere; tab-size: 2; }
.facts { margin: 0; display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 200px), 1fr)); gap: 14px 24px; }
.facts dt { font-size: 12.5px; color: var(--soft); font-weight: 500; }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.reads { margin: 0; border-bottom: 1px solid var(--line-2); }
.reads > div { display: grid; grid-template-columns: minmax(0, 13rem) minmax(0, 1fr); align-items: baseline; gap: 2px 16px; padding: 9px 16px; border-top: 1px solid var(--line-2); }
.reads dd { margin: 0; display: flex; flex-wrap: wrap; align-items: baseline; gap: 2px 10px; overflow-wrap: anywhere; min-width: 0; }
.reads .two { flex-basis: 100%; }
.share { display: block; width: 100%; min-width: 90px; height: 8px; border-radius: 4px; margin-top: 7px; }
.share .none { fill: var(--quiet-bg); } .share .good { fill: var(--good); } .share .bad { fill: var(--bad); }
ul.lines { list-style: none; margin: 0; padding: 0; }
ul.lines li { display: grid; gap: 2px; justify-items: start; padding: 11px 16px; border-bottom: 1px solid var(--line-2); overflow-wrap: anywhere; }
ol.steps { list-style: none; margin: 0; padding: 0; counter-reset: step; }
ol.steps li { counter-increment: step; display: flex; gap: 12px; align-items: center; padding: 9px 16px; border-top: 1px solid var(--line-2); overflow-wrap: anywhere; }
ol.steps li:first-child { border-top: 0; }
ol.steps li::before { content: counter(step); width: 22px; height: 22px; border-radius: 50%; display: grid; place-items: center; font-size: 12px; background: var(--quiet-bg); color: var(--quiet-ink); flex: none; }
ol.steps .pill { margin-left: auto; }
.answer { font-size: 17px; line-height: 1.45; max-width: 70ch; overflow-wrap: anywhere; }
${TIMELINE_STYLE}${SANDBOX_STYLE}
.plain-page { min-height: 100vh; display: grid; place-items: center; padding: 20px; }
.plain-page main { border-left: 1px solid var(--line); padding: 28px; max-width: 380px; gap: 18px; background: var(--panel); border: 1px solid var(--line); border-radius: 14px; box-shadow: var(--lift); }
.plain-page form { display: grid; gap: 14px; }
.plain-page .button { justify-content: center; }
.plain-page .brand { padding: 0; }

${NARROW_STYLE}@media (prefers-reduced-motion: no-preference) { .rail li a, .button, tbody tr { transition: background-color 120ms; } }
@media print { .rail, .bar, .button { display: none; } .shell { display: block; } }
`;
