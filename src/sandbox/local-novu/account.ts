import { Router } from "express";
import { answer } from "./answer.ts";

export interface NovuIntegration {
  providerId: string;
  channel: string;
  active: boolean;
  primary: boolean;
}

/** One provider for each channel, and `emailProviders` for email; the first one is the primary. */
export function someIntegrations(emailProviders = ["resend"]): NovuIntegration[] {
  const email = emailProviders.map((providerId) => ({ providerId, channel: "email" }));
  const others = [
    { providerId: "novu", channel: "in_app" },
    { providerId: "twilio", channel: "sms" },
    { providerId: "fcm", channel: "push" },
    { providerId: "slack", channel: "chat" },
  ];
  return [...email, ...others].map((one, index) => ({ ...one, active: true, primary: index === 0 }));
}

/** The environment of the key, and its providers without their credentials. */
export function accountRoutes({ integrations }: { integrations: NovuIntegration[] }): Router {
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
      const active = integrations.filter((one) => one.active);
      const rest = { _environmentId: "local", _organizationId: "local", kind: "delivery", deleted: false };
      answer(
        response,
        200,
        active.map((one) => ({
          ...one,
          ...rest,
          _id: one.providerId,
          name: one.providerId,
          identifier: one.providerId,
        })),
      );
    });
}
