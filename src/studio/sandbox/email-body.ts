export type Scheme = "light" | "dark";

const ALWAYS = "(min-width: 0)";
const NEVER = "(max-width: 0)";
const QUERY = /\(\s*prefers-color-scheme\s*:\s*(light|dark)\s*\)/gi;

/** An email in one colour scheme, independent of the browser's own. Links open in a new window. */
export function shown(html: string, scheme: Scheme): string {
  const themed = html.replace(QUERY, (_query, asked: string) => (asked.toLowerCase() === scheme ? ALWAYS : NEVER));
  const head = `<base target="_blank"><style>:root { color-scheme: only ${scheme} !important; }</style>`;
  return /<\/head\s*>/i.test(themed) ? themed.replace(/<\/head\s*>/i, () => `${head}</head>`) : head + themed;
}
