import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * A PATH with an `npx` that makes the requests of `novu sync`, and fails as it does: with the request, the key
 * included, and the body of the answer at the end. Writes its arguments to `calls` in the same folder.
 */
export function withFakeNpx(folder: string): { PATH: string } {
  const npx = join(folder, "npx");
  writeFileSync(npx, `#!${process.execPath}\n(${novuSync.toString()})();\n`);
  chmodSync(npx, 0o755);
  return { PATH: `${folder}:${process.env.PATH}` };
}

/** Runs as a process, without imports. */
async function novuSync(): Promise<void> {
  const { appendFileSync } = process.getBuiltinModule("node:fs");
  const { NOVU_SECRET_KEY: key = "", ...others } = process.env;
  const args = process.argv.slice(2);
  const after = (option: string) => args[args.indexOf(option) + 1] ?? "";
  const call = { args, names: Object.keys(others), analytics: others.ANALYTICS_ENABLED };
  appendFileSync(`${process.argv[1]}.calls`, `${JSON.stringify(call)}\n`);
  try {
    const response = await fetch(`${after("-a")}/v1/bridge/sync?source=cli`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `ApiKey ${key}` },
      body: JSON.stringify({ bridgeUrl: after("-b") }),
    });
    const body = (await response.json()) as { message?: string };
    if (response.ok) {
      process.stderr.write("Could not discover agents for bridge URL sync (bridge may not expose agents yet).\n");
      return;
    }
    process.stderr.write(`AxiosError: Request failed with status code ${response.status}
    at settle (/tmp/node_modules/axios/dist/node/axios.cjs:2671:12) {
      Authorization: 'ApiKey ${key}',
    data: {
      statusCode: ${response.status},
      message: '${body.message}',
    }`);
  } catch {
    process.stderr.write(`AxiosError: connect ECONNREFUSED 127.0.0.1:1\n      Authorization: 'ApiKey ${key}',`);
  }
  process.exit(1);
}
