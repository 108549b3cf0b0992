/** The paths of a fork's own: an upgrade changes none of them. A folder ends in a slash. */
export const OWN_PATHS = ["emails/", "src/workflows/", "test/workflows/stories/", ".env", "README.md", "LICENSE"];
/** Files in these folders that come from us all the same. */
const ENGINE_PATHS = ["src/workflows/README.md", "src/workflows/AGENTS.md"];

export function isForksOwn(path: string): boolean {
  const isOwn = OWN_PATHS.some((own) => (own.endsWith("/") ? path.startsWith(own) : path === own));
  return isOwn && !ENGINE_PATHS.includes(path);
}
