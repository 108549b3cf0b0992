import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { environment } from "./app-process.ts";
import { built } from "./built.ts";

/** Of a team that has Segment, and no PostHog. */
export const WITH_SEGMENT_ALONE = {
  POSTHOG_PROJECT_TOKEN: "",
  POSTHOG_PROJECT_ID: "",
  POSTHOG_PERSONAL_API_KEY: "",
  POSTHOG_WEBHOOK_SECRETS: "",
  SEGMENT_SECRETS: "a secret that Segment has as well",
};

/** Runs a command of src/commands beside the sandbox's app, to its end. */
export async function runCommand(
  sandbox: Sandbox,
  name: string,
  options: string[],
  { env = {}, input = "" }: { env?: Record<string, string>; input?: string } = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [built(`src/commands/${name}.ts`), ...options], {
    env: { ...environment(sandbox, sandbox.config.dataDir), ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  child.stdin.on("error", () => {}).end(input);
  const [code] = await once(child, "close");
  return { code: code as number, stdout, stderr };
}
