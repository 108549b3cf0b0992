import { type RequestHandler, Router } from "express";
import { answer, refuse } from "./answer.ts";

/** Refuses requests without the key. */
export function authorize(secretKey: string): RequestHandler {
  return (request, response, next) => {
    if (request.get("authorization") === `ApiKey ${secretKey}`) next();
    else refuse(response, 401, "API Key not found");
  };
}

const WINDOW_S = 5;
/** Novu accepts bursts of a tenth above the rate. */
const BURST = 1.1;

/** Novu's rate limit, in real time: a token bucket for the calls of a window plus the burst. It refills at the rate. */
export function rateLimit(perSecond: number): RequestHandler {
  const most = Math.floor(perSecond * WINDOW_S * BURST);
  let left = most;
  let filledAt = performance.now();
  return (_request, response, next) => {
    const now = performance.now();
    left = Math.min(most, left + ((now - filledAt) / 1000) * perSecond);
    filledAt = now;
    if (left >= 1) {
      left -= 1;
      return next();
    }
    response.set("retry-after", String(Math.round((1 - left) / perSecond)));
    refuse(response, 429, "API rate limit exceeded");
  };
}

export interface NovuIntegration {
  providerId: string;
  /** By default the provider's id. */
  identifier?: string;
  channel: string;
  active: boolean;
  primary: boolean;
}

/** A provider for each channel, and three for push. The email provider is the primary one. */
export function someIntegrations(): NovuIntegration[] {
  return [
    { providerId: "resend", channel: "email" },
    { providerId: "novu", channel: "in_app" },
    { providerId: "twilio", channel: "sms" },
    { providerId: "fcm", channel: "push" },
    { providerId: "apns", channel: "push" },
    { providerId: "expo", channel: "push" },
    { providerId: "slack", channel: "chat" },
  ].map((one, index) => ({ ...one, active: true, primary: index === 0 }));
}

/** The routes for the key's environment, and for its providers without their credentials. */
export function accountRoutes(integrations: NovuIntegration[]): Router {
  return Router()
    .get("/v1/environments/me", (_request, response) => {
      answer(response, 200, {
        _id: "local",
        name: "Local",
        _organizationId: "local",
        identifier: "local",
        type: "dev",
        // Novu lists the keys of the environment here.
        apiKeys: [],
      });
    })
    .get("/v1/integrations/active", (_request, response) => {
      const rest = { _environmentId: "local", _organizationId: "local", kind: "delivery", deleted: false };
      const active = integrations.filter((one) => one.active);
      const named = active.map((one) => ({ ...one, ...rest, _id: one.providerId, name: one.providerId }));
      answer(
        response,
        200,
        named.map((one) => ({ identifier: one.providerId, ...one })),
      );
    });
}
