import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { startProcess } from "../support/command-process.ts";

const CLIENT = new URL("../../src/lib/http-client.ts", import.meta.url).href;
const CALL = `
  import { createHttpClient } from ${JSON.stringify(CLIENT)};
  const call = createHttpClient({ timeoutMs: 5_000 });
  const { status, text } = await call("http://novu.example/v1/events", { method: "POST", headers: {}, body: "{}" });
  console.log(status, text);
`;
const canUseProxies = process.allowedNodeEnvironmentFlags.has("--use-env-proxy");
if (!canUseProxies) process.stderr.write("this Node has no NODE_USE_ENV_PROXY: the test with a proxy is skipped\n");

it.skipIf(!canUseProxies)("Novu is called through the proxy of NODE_USE_ENV_PROXY", async () => {
  const asked: string[] = [];
  const proxy = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.end("by the proxy");
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const HTTP_PROXY = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  await using child = startProcess(["--input-type=module", "--eval", CALL], { NODE_USE_ENV_PROXY: "1", HTTP_PROXY });
  expect(await child.ended).toMatchObject({ code: 0, stdout: "200 by the proxy\n" });
  expect(asked).toEqual(["POST http://novu.example/v1/events"]);
  proxy.close();
});
