import express from "express";
import { expect, it } from "vitest";
import { serve } from "../../../src/lib/server.ts";
import { campaign, decisions, happen, mail } from "../../support/campaign.ts";
import { follow } from "../../support/links.ts";
import { testSandbox } from "../../support/sandbox.ts";
import { delivery, post } from "../../support/webhook.ts";

const TARGET = "https://app.acme.example/offer";

it("the app works at a PUBLIC_URL with a path, behind a proxy that removes the path", async () => {
  await using sandbox = await testSandbox({
    workflows: [
      campaign({
        async workflow({ step }) {
          await step.email("first", ({ link }) => ({ ...mail(), body: link(TARGET) }), { atAnyHour: true });
          await step.wait("a-day", { days: 1 });
          await step.email("second", mail, { atAnyHour: true });
        },
      }),
    ],
  });
  await using proxy = await proxyWithPath(() => sandbox.app.url);
  sandbox.config.publicUrl = proxy.publicUrl;
  await sandbox.restartApp();
  sandbox.novu.state.bridgeUrl = `${proxy.publicUrl}/api/novu`;

  // Each step is a call of the bridge through the proxy.
  happen(sandbox, "called");
  await sandbox.settled();
  expect(await decisions(sandbox)).toEqual([["first", "sent", null, null]]);
  expect((await post(proxy.publicUrl, delivery({ event: "not used" }))).status).toBe(202);
  expect(await (await fetch(`${proxy.publicUrl}/readyz`)).json()).toMatchObject({ status: "ready" });

  const [message] = sandbox.novu.state.messages;
  const linkTo = (path: string) =>
    new RegExp(`${proxy.publicUrl}/${path}/[\\w-]+`).exec(JSON.stringify(message))?.[0] ?? "none";
  const answer = await follow(linkTo("r"));
  expect([answer.status, answer.headers.get("location")]).toEqual([302, expect.stringContaining(TARGET)]);
  const page = await (await fetch(linkTo("u"))).text();
  // Without an action, a form posts to the page's own address.
  expect(page).toContain('<form method="post">');
  expect((await fetch(linkTo("u"), { method: "POST", body: "List-Unsubscribe=One-Click" })).status).toBe(200);
  await sandbox.travel({ days: 2 });
  expect((await decisions(sandbox)).slice(-1)).toEqual([["second", "skipped", "opted out", "offers"]]);
});

async function proxyWithPath(appUrl: () => string): Promise<{ publicUrl: string } & AsyncDisposable> {
  const proxy = express().use(
    "/bridge",
    express.raw({ type: () => true }),
    async ({ method, url, headers, body }, response) => {
      const { host: _host, connection: _connection, "content-length": _length, ...rest } = headers;
      const answer = await fetch(`${appUrl()}${url}`, {
        method,
        headers: rest as Record<string, string>,
        redirect: "manual",
        ...(Buffer.isBuffer(body) && { body: new Uint8Array(body) }),
      });
      for (const name of ["content-type", "location"]) {
        const value = answer.headers.get(name);
        if (value !== null) response.set(name, value);
      }
      response.status(answer.status).send(Buffer.from(await answer.arrayBuffer()));
    },
  );
  const server = await serve(proxy, { port: 0 });
  return { publicUrl: `${server.url}/bridge`, [Symbol.asyncDispose]: () => server.close(0) };
}
