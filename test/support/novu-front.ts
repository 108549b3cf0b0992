import express from "express";
import { serve } from "../../src/lib/server.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";

/** Answers in place of Novu; null passes the request on. */
type InPlace = (request: { method: string; path: string; body: Record<string, unknown> }) => {
  status: number;
  text: string;
} | null;

export interface Front extends AsyncDisposable {
  answer(inPlace: InPlace | null): void;
  /** The answers of Novu since the start. */
  answers: Array<{ method: string; path: string; status: number }>;
}

/** A server between the app and the local Novu, such as a proxy or another Novu. The app restarts with it. */
export async function putFront(sandbox: Sandbox): Promise<Front> {
  const novuUrl = sandbox.novu.url;
  let inPlace: InPlace | null = null;
  const answers: Front["answers"] = [];
  const app = express()
    .use(express.json())
    .use(async ({ method, path, originalUrl, body = {}, headers }, response) => {
      const instead = inPlace?.({ method, path, body });
      if (instead) return void response.status(instead.status).send(instead.text);
      const { host: _host, connection: _connection, "content-length": _length, ...rest } = headers;
      const answer = await fetch(`${novuUrl}${originalUrl}`, {
        method,
        headers: rest as Record<string, string>,
        ...(method !== "GET" && method !== "DELETE" && { body: JSON.stringify(body) }),
      });
      answers.push({ method, path, status: answer.status });
      response
        .status(answer.status)
        .type("json")
        .send(await answer.text());
    });
  const server = await serve(app, { port: 0 });
  sandbox.config.novu.apiUrl = server.url;
  await sandbox.restartApp();
  return {
    answers,
    answer(next) {
      inPlace = next;
    },
    [Symbol.asyncDispose]: () => server.close(0),
  };
}
