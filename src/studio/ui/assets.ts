import { createHash } from "node:crypto";
import { Router } from "express";
import { SCRIPT } from "./script.ts";
import { STYLE } from "./style.ts";

const A_YEAR_S = 365 * 24 * 60 * 60;

/** The URLs change with the content of the two files, so that browsers can cache the files for ever. */
export const ASSETS = { style: addressOf("style.css", STYLE), script: addressOf("script.js", SCRIPT) };

export function assetRoutes(): Router {
  const cached = { "cache-control": `public, max-age=${A_YEAR_S}, immutable` };
  return Router()
    .get("/style.css", (_request, response) => {
      response.set(cached).type("css").send(STYLE);
    })
    .get("/script.js", (_request, response) => {
      response.set(cached).type("js").send(SCRIPT);
    });
}

function addressOf(name: string, content: string): string {
  return `/studio/${name}?v=${createHash("sha256").update(content).digest("hex").slice(0, 12)}`;
}
