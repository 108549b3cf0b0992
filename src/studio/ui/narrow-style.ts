/** The styles for narrow windows, such as a phone's. The rows of a narrow table are cards with the columns' names inside. */
export const NARROW_STYLE = `
.scroll { position: relative; container-type: inline-size; }
@container (max-width: 960px) {
  th, td { padding-left: 12px; padding-right: 12px; }
  tbody tr th { min-width: 9rem; }
  tbody tr td { min-width: 4.5rem; }
  tbody tr .long { min-width: 10.5rem; }
  td .pill { white-space: normal; }
}
@container (max-width: 700px) {
  table, tbody, tbody tr, tbody th, tbody td { display: block; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tbody tr { padding: 11px 16px; border-top: 1px solid var(--line-2); }
  tbody tr:first-child { border-top: 0; }
  tbody tr th, tbody tr td, tbody tr .long { min-width: 0; padding: 2px 0; border: 0; text-align: left; }
  tbody td[data-label] { position: relative; padding-left: 7.75rem; }
  tbody td[data-label]::before { content: attr(data-label); position: absolute; left: 0; width: 7.25rem; color: var(--soft); font-size: 12.5px; line-height: 21px; }
  .scroll td.number { text-align: left; }
  .row-form { min-width: 0; padding: 2px 0 4px; }
}
@media (max-width: 860px) {
  .shell { grid-template-columns: minmax(0, 1fr); align-content: start; background: none; }
  main { border-left: 0; padding-top: 20px; }
  .rail { position: static; height: auto; flex-flow: row wrap; align-items: center; justify-content: space-between; gap: 8px 10px; padding: 10px 12px; background: var(--rail); border-bottom: 1px solid var(--line); }
  .rail nav { order: 3; flex: 1 0 100%; }
  .rail nav, .rail ul { display: flex; flex-wrap: wrap; gap: 2px; }
  .rail li a { padding: 5px 6px; font-size: 13px; }
  .rail li svg, .rail .section, .rail .end p { display: none; }
  .rail .end { margin: 0; display: flex; align-items: center; padding: 0; }
  .stage { padding: 12px; }
}
@media (max-width: 620px) {
  .tabs { flex-wrap: wrap; }
  .reads > div { grid-template-columns: minmax(0, 1fr); }
  .reads dd { margin-left: 12px; }
  .row-form { flex-wrap: wrap; }
  .row-form input { flex-basis: 100%; }
}
`;
