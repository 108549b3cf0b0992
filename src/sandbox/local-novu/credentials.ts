import { Router } from "express";
import { z } from "zod";
import type { NovuIntegration } from "./account.ts";
import { answer, refuse, refuseFields } from "./answer.ts";
import type { NovuState, SubscriberChannel } from "./state.ts";
import { CHANNEL_OF_PROVIDER } from "./steps/deliver.ts";
import { upsertSubscriber } from "./subscribers.ts";

const Credentials = z.object({
  providerId: z.string().refine((id) => Object.hasOwn(CHANNEL_OF_PROVIDER, id), "is no push or chat provider"),
  integrationIdentifier: z.string().optional(),
  credentials: z.looseObject({ deviceTokens: z.array(z.string()).optional(), webhookUrl: z.string().optional() }),
});

const MOST_TOKENS = 100;

/** The credentials of a subscriber at push and chat providers. Novu answers 400 where other routes answer 404. */
export function credentialRoutes(state: NovuState, integrations: NovuIntegration[]): Router {
  return Router().put("/v1/subscribers/:id/credentials", (request, response) => {
    const body = Credentials.safeParse(request.body);
    if (!body.success) return refuseFields(response, [z.prettifyError(body.error)]);
    const { providerId, integrationIdentifier, credentials } = body.data;
    const subscriberId = request.params.id;
    const subscriber = state.subscribers[subscriberId];
    if (subscriber === undefined) return refuse(response, 400, `SubscriberId: ${subscriberId} not found`);
    const integration = integrations.findLast(
      (one) =>
        one.active &&
        one.providerId === providerId &&
        (integrationIdentifier === undefined || identifierOf(one) === integrationIdentifier),
    );
    if (integration === undefined)
      return refuse(response, 400, `Subscribers environment (local) do not have active ${providerId} integration.`);
    const tokens = [...new Set(credentials.deviceTokens)];
    if (tokens.length > MOST_TOKENS)
      return refuse(
        response,
        400,
        `Device tokens limit exceeded. Maximum allowed tokens per subscriber channel is 100.`,
      );

    const _integrationId = identifierOf(integration);
    const channels = subscriber.channels ?? [];
    const before = channels.find((one) => one.providerId === providerId && one._integrationId === _integrationId);
    // A request without tokens deletes the tokens of an existing channel.
    const deviceTokens = before !== undefined || tokens.length > 0 ? { deviceTokens: tokens } : {};
    const after: SubscriberChannel = {
      providerId,
      _integrationId,
      credentials: { ...before?.credentials, ...credentials, ...deviceTokens },
    };
    const others = channels.filter((one) => one !== before);
    answer(response, 200, upsertSubscriber(state, { subscriberId, channels: [...others, after] }));
  });
}

function identifierOf({ identifier, providerId }: NovuIntegration): string {
  return identifier ?? providerId;
}

/** The providers that have an address of a subscriber. */
export function connectedProviders({ subscribers }: NovuState, subscriberId: string): string[] {
  const channels = subscribers[subscriberId]?.channels ?? [];
  const hasAddress = ({ credentials: { deviceTokens = [], webhookUrl = "" } }: SubscriberChannel) =>
    deviceTokens.length > 0 || webhookUrl !== "";
  return channels.filter(hasAddress).map(({ providerId }) => providerId);
}

/** Gives a subscriber an example address at a provider of push or chat, or takes it away. */
export function setChannel(
  state: NovuState,
  { subscriberId, providerId, isConnected }: { subscriberId: string; providerId: string; isConnected: boolean },
): void {
  const others = (state.subscribers[subscriberId]?.channels ?? []).filter((one) => one.providerId !== providerId);
  const name = `${subscriberId}'s ${providerId}`;
  const credentials =
    CHANNEL_OF_PROVIDER[providerId] === "push"
      ? { deviceTokens: [name] }
      : { webhookUrl: `https://${providerId}.invalid/${encodeURIComponent(name)}` };
  const added = isConnected ? [{ providerId, _integrationId: providerId, credentials }] : [];
  upsertSubscriber(state, { subscriberId, channels: [...others, ...added] });
}
