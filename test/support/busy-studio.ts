import { LOCAL_KEYS } from "../../src/sandbox/local-keys.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { openStory, type Story } from "./story.ts";

/**
 * Nine days of a few people, always the same, which fill every page of the studio: runs in most states, messages on
 * every channel, dead jobs, and ignored events.
 */
export async function busyStory(): Promise<Story> {
  const story = await openStory({
    people: {
      ada: { name: "Ada Lovelace", features_used: ["alerts"] },
      alan: { name: "Alan Turing", push_enabled: true },
      grace: { name: "Grace Hopper", preferred_channel: "sms", phone: "+4915112345678" },
      joan: { name: "Joan Clarke", preferred_channel: "chat", chat_connected: true },
      katherine: { name: "Katherine Johnson" },
      linus: { name: "Linus Pauling" },
      margaret: { name: "Margaret Hamilton" },
    },
  });
  await connectChat(story.sandbox, "joan");
  for (const person of ["grace", "joan"]) await story.does(person, "user_inactive", { days_inactive: 30 });
  await story.does("linus", "user_signed_up");
  await story.until("day 6 09:00");
  await story.does("margaret", "user_signed_up", { invited_by: "Linus" });
  await story.does("katherine", "checkout_started", checkout(240));
  await story.until("day 7 05:00");
  await story.does("katherine", "checkout_completed");
  await story.until("day 7 10:00");

  await story.does("ada", "checkout_started", checkout(120));
  await story.does("alan", "session_ended", { key_action: "build_report", key_action_completed: false });
  const refusal = { status: 400, body: { statusCode: 400, message: "The subscriber’s address cannot be read" } };
  story.sandbox.novu.injectFault(({ path }) => (path === "/v1/events/trigger" ? refusal : null));
  await story.does("linus", "checkout_started", checkout(60));
  story.sandbox.novu.injectFault(null);
  await story.until("day 8 11:00");
  await story.does("linus", "onboarding_completed", {}, { onboarding_completed: true });
  await story.does("katherine", "subscription_upgraded", { plan: "pro" });
  await story.does("grace", "checkout_started", checkout(310));
  await story.does("joan", "checkout_started", { ...checkout(80), checkout_url: "javascript:alert(1)" });
  story.sandbox.posthog.deliver('{ "event": "user_signed_up" }');
  story.sandbox.segment.send({
    type: "page",
    userId: "margaret",
    name: "Pricing",
    context: { traits: { plan: "pro" } },
  });
  await story.until("day 8 14:00");
  story.sandbox.posthog.setPerson("katherine", ODD_VALUES);
  return story;
}

/** Addresses of every page, by its path in Express. A page without an entry has no address. */
export function addressesOf(sandbox: Sandbox): Record<string, string[]> {
  const { messages } = sandbox.novu.state;
  const channels = [...new Set(messages.map(({ channel }) => channel))];
  const newest = channels.map((channel) => messages.findLast((one) => one.channel === channel)?.id ?? "");
  const email = messages.findLast(({ channel }) => channel === "email")?.id ?? "";
  const run = (uuid: string, workflow: string) => `/runs/${encodeURIComponent(`${uuid}:${workflow}`)}`;
  return {
    "/": ["", "/?period=7d"],
    "/runs": ["/runs", "/runs?q=nobody"],
    "/runs/:run": [run("katherine-1", "drop-off"), run("margaret-1", "onboarding"), run("linus-2", "drop-off")],
    "/why": ["/why", "/why?person=katherine&workflow=drop-off", "/why?person=nobody"],
    "/queue": ["/queue"],
    "/ignored": ["/ignored"],
    "/workflows": ["/workflows"],
    "/workflows/:workflow": ["/workflows/drop-off?period=7d"],
    "/messages": ["/messages", "/messages?person=nobody"],
    "/messages/:message": [
      ...newest.map((id) => `/messages/${id}`),
      `/messages/${email}?as=phone&scheme=dark`,
      `/messages/${email}?as=text`,
    ],
    "/fire": ["/fire?event=checkout_started", "/fire?another=yes&problem=An+event+needs+a+name"],
    "/deliveries": ["/deliveries"],
    "/deliveries/:delivery": [sandbox.posthog, sandbox.segment].flatMap(({ state }) =>
      state.deliveries.slice(-1).map(({ id }) => `/deliveries/${id}`),
    ),
    "/people": ["/people"],
    "/people/:person": ["/people/katherine", "/people/margaret?source=segment", "/people/linus"],
    "/story": ["/story"],
    "/workflows/:workflow/steps/:step": [
      "/workflows/onboarding/steps/welcome",
      "/workflows/drop-off/steps/checkout-note",
      `/workflows/onboarding/steps/check-in?run=${encodeURIComponent("linus-1:onboarding")}`,
    ],
  };
}

/** One event for each result of the reader. */
const ODD_VALUES = {
  email: undefined,
  Email: " katherine@example.com",
  plan: { name: "pro", seats: 12 },
  onboarding_completed: "true",
  features_used: "reports, alerts",
  last_active_at: "2026-03-10 10:01:00",
  unsubscribed_from: "[reminders",
  company: "NASA",
};

function checkout(value: number): Record<string, unknown> {
  return { checkout_url: `https://app.acme.example/checkout/c_${value}`, cart_value: value };
}

/** As an app does when the person connects Slack. */
async function connectChat({ novu }: Sandbox, subscriberId: string): Promise<void> {
  const headers = { authorization: `ApiKey ${LOCAL_KEYS.novu}`, "content-type": "application/json" };
  const put = (method: string, path: string, body: object) =>
    fetch(`${novu.url}${path}`, { method, headers, body: JSON.stringify(body) });
  await put("POST", "/v2/subscribers", { subscriberId });
  const credentials = { webhookUrl: `https://hooks.slack.example/${subscriberId}` };
  await put("PUT", `/v1/subscribers/${subscriberId}/credentials`, { providerId: "slack", credentials });
}
