import express, { type Request, type Response } from "express";
import type { ReactElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { type Listening, serve } from "../../lib/server.ts";
import type { Message } from "../local-novu/state.ts";
import { samplePersonProperties, sampleProperties } from "../samples.ts";
import type { Sandbox } from "../sandbox.ts";
import { MessagePage, Overview, PlainMessage } from "./views.tsx";

const MOST_ROWS = 100;
const LONGEST_JOURNEY_MINUTES = 366 * 24 * 60;
/** Nothing on these pages runs: neither the page's own scripts, of which there are none, nor a message's. */
const PAGE_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; form-action 'self'; base-uri 'none'";
const MESSAGE_POLICY = "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; img-src https: data:";

/** One plain page on the sandbox: what came in, what ran, what was decided, each message, and buttons to let time pass. */
export function servePage(sandbox: Sandbox, { port }: { port: number }): Promise<Listening> {
  const app = express()
    .disable("x-powered-by")
    .use(express.urlencoded())
    .get("/", async (_request, response) => {
      page(response, <Overview {...(await snapshot())} />);
    })
    .get("/messages/:id", (request, response) => {
      const message = messageOf(request);
      if (message === undefined) missing(response);
      else page(response, <MessagePage message={message} />);
    })
    .get("/messages/:id/body", (request, response) => {
      const message = messageOf(request);
      if (message === undefined) return missing(response);
      response.set("content-security-policy", MESSAGE_POLICY).type("html").send(htmlOf(message));
    })
    .get("/clock", (_request, response) => {
      response.json({ now: sandbox.clock.now() });
    })
    .get("/deliveries/:eventUuid", (request, response) => {
      response.json(
        sandbox.posthog.state.deliveries
          .filter(({ eventUuid }) => eventUuid === request.params.eventUuid)
          .map(({ attempts }) => attempts),
      );
    })
    .post("/events", fromHere, async (request, response) => {
      const { event = "", person = "" } = request.body as Record<string, string>;
      sandbox.posthog.capture({
        event,
        distinctId: person,
        properties: { ...sampleProperties(event), $set_once: samplePersonProperties(person) },
      });
      await sandbox.settled();
      response.redirect(303, "/");
    })
    .post("/travel", fromHere, async (request, response) => {
      const minutes = Number((request.body as Record<string, string>).minutes);
      if (minutes > 0 && minutes <= LONGEST_JOURNEY_MINUTES) await sandbox.travel({ minutes });
      response.redirect(303, "/");
    })
    .use((_request, response) => missing(response));
  return serve(app, { port, host: "127.0.0.1" });

  async function snapshot() {
    const { novu, posthog, clock, app } = sandbox;
    const decisions = await app.store.listDecisions();
    return {
      now: clock.now(),
      events: app.events,
      people: [...new Set(posthog.state.events.map(({ distinctId }) => distinctId))],
      messages: newest(novu.state.messages),
      runs: newest(novu.state.runs),
      decisions: newest(decisions),
      deliveries: newest(posthog.state.deliveries),
      setAside: await app.store.listSetAside(MOST_ROWS),
      dead: await app.store.listDead(MOST_ROWS),
    };
  }

  function messageOf(request: Request): Message | undefined {
    return sandbox.novu.state.messages.find(({ id }) => id === request.params.id);
  }
}

/** A message as its reader sees it. */
export function htmlOf(message: Message): string {
  const { body } = message.content;
  return message.channel === "email" && typeof body === "string" ? body : document(<PlainMessage message={message} />);
}

/** Another site's page must not press these buttons. */
function fromHere(request: Request, response: Response, next: () => void): void {
  const origin = request.get("origin");
  if (origin === undefined || origin === `http://${request.get("host")}`) next();
  else response.status(403).send("not from this page");
}

function newest<Row>(rows: Row[]): Row[] {
  return rows.slice(-MOST_ROWS).reverse();
}

function page(response: Response, element: ReactElement): void {
  response.set("content-security-policy", PAGE_POLICY).type("html").send(document(element));
}

function document(element: ReactElement): string {
  return `<!DOCTYPE html>${renderToStaticMarkup(element)}`;
}

function missing(response: Response): void {
  response.status(404).type("text").send("There is nothing here. The sandbox is at /");
}
