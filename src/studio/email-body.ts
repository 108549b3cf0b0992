export type Scheme = "light" | "dark";

const ALWAYS = "(min-width: 0)";
const NEVER = "(max-width: 0)";
const QUERY = /\(\s*prefers-color-scheme\s*:\s*(light|dark)\s*\)/gi;

/** An email as a reader with that colour scheme sees it, whatever this browser's own is; links open elsewhere. */
export function shown(html: string, scheme: Scheme): string {
  const chosen = html.replace(QUERY, (_query, asked: string) => (asked.toLowerCase() === scheme ? ALWAYS : NEVER));
  const head = `<base target="_blank"><style>:root { color-scheme: only ${scheme} !important; }</style>`;
  return /<\/head\s*>/i.test(chosen) ? chosen.replace(/<\/head\s*>/i, () => `${head}</head>`) : head + chosen;
}
