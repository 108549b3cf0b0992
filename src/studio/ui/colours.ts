/** Every colour by its use. Text has a contrast of 4.5:1 or more on its background. */
export const COLOURS = `
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
