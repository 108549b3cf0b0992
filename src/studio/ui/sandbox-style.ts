/** The styles that only pages of the sandbox use. */
export const SANDBOX_STYLE = `
.rail .section { padding: 14px 10px 4px; font-size: 12px; font-weight: 600; color: var(--soft); }
.time-bar { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 12px; padding: 9px 12px 9px 14px; border: 1px solid var(--line); border-radius: 12px; background: var(--panel); box-shadow: var(--lift); }
.time-bar > svg { width: 18px; height: 18px; flex: none; color: var(--soft); }
.time-bar p { display: flex; flex-wrap: wrap; gap: 0 12px; align-items: baseline; flex: 1 1 240px; }
.time-bar time { font-weight: 620; font-variant-numeric: tabular-nums; }
.time-bar span { color: var(--soft); font-size: 13px; }
.time-bar form { display: flex; flex-wrap: wrap; gap: 6px; }
.button:disabled { color: var(--soft); background: var(--ground); cursor: default; border-color: var(--line); }
textarea { width: 100%; font: 12.5px/1.55 ui-monospace, "SF Mono", Menlo, Consolas, monospace; color: var(--ink); background: var(--panel); border: 1px solid var(--edge); border-radius: 8px; padding: 9px 11px; min-width: 0; resize: vertical; }
.form { display: grid; gap: 14px; justify-items: start; }
.form > .field { width: 100%; }
.form .bar { width: 100%; }
.properties { width: 100%; margin: 0; padding: 14px; border: 1px solid var(--line); border-radius: 10px; display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 240px), 1fr)); gap: 12px; }
.properties legend { padding: 0 6px; font-size: 12.5px; color: var(--soft); }
.form details { width: 100%; }
.form details > .field { margin-top: 8px; }
.row-form { display: flex; gap: 8px; align-items: center; min-width: 15rem; }
.row-form input { flex: 1; }
[hidden] { display: none !important; }
.views { display: flex; flex-wrap: wrap; gap: 8px; }
.stage { padding: 20px; display: grid; justify-items: center; background: var(--ground); border-radius: 0 0 12px 12px; }
.stage iframe { display: block; width: 100%; height: 760px; border: 1px solid var(--line); border-radius: 10px; background: #fff; }
.stage.dark iframe { background: #111; }
.stage .phone-frame { width: 100%; max-width: 399px; padding: 12px; border-radius: 34px; background: #1b1f27; border: 1px solid var(--line); }
.stage .phone-frame iframe { border: 0; border-radius: 22px; height: 720px; }
.stage pre { width: 100%; max-height: none; }
.device { width: 100%; max-width: 360px; min-height: 320px; padding: 56px 14px 24px; border-radius: 34px; border: 10px solid #1b1f27; background: linear-gradient(160deg, #2b3560, #1a2140 60%, #101528); display: grid; align-content: start; gap: 10px; color: #14171f; overflow-wrap: anywhere; }
.device.plain { background: #ffffff; padding-top: 24px; }
.device .card { background: #f4f5f8; border-radius: 16px; padding: 11px 13px; display: grid; gap: 2px; }
.device .card small { color: #4c5464; display: flex; justify-content: space-between; gap: 8px; }
.device .bubble { background: #e8eaef; border-radius: 18px 18px 18px 4px; padding: 9px 13px; justify-self: start; max-width: 90%; white-space: pre-wrap; }
.device .from { text-align: center; color: #4c5464; font-size: 12.5px; }
.inbox { list-style: none; margin: 0; padding: 0; width: 100%; max-width: 460px; background: var(--panel); border: 1px solid var(--line); border-radius: 14px; overflow: hidden; }
.inbox > li { padding: 13px 16px 13px 32px; border-top: 1px solid var(--line-2); position: relative; display: grid; gap: 6px; overflow-wrap: anywhere; }
.inbox > li:first-child { border-top: 0; }
.inbox > li.unread::before { content: ""; position: absolute; left: 14px; top: 20px; width: 8px; height: 8px; border-radius: 50%; background: var(--action); }
.inbox > li.current { background: var(--hover); }
.inbox .state { color: var(--soft); font-size: 12.5px; }
.inbox form, .acts { display: flex; flex-wrap: wrap; gap: 6px; align-items: center; }
.panel .body > * { min-width: 0; }
.body > .tabs { flex-wrap: wrap; justify-self: start; }
`;
