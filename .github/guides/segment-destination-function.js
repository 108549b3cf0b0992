// Sends Segment's events to posthog-novu-bridge, unchanged.
//
// In Segment: Connections → Catalog → Functions → New Function → Destination → Build. Replace the code in
// the editor by this file, and add two settings in its tab Settings, both required:
//   endpoint   string, such as https://bridge.acme.example/webhooks/segment
//   secret     string, encrypted: one of the bridge's SEGMENT_SECRETS
// Then Configure → Create Function, and connect it to your sources.
//
// An event is delivered when the bridge has it on disk. After a temporary error Segment retries for four
// hours. Every other error is final; its message in Segment's Event Delivery contains what to do.
// Source: https://www.twilio.com/docs/segment/connections/functions/destination-functions

/** Segment ends a function after 5 seconds. */
const ANSWER_WITHIN_MS = 4000;
/** The most events in one request to the bridge. */
const MOST_AT_ONCE = 500;

const HINTS = {
  401: "is the setting `secret` one of the bridge's SEGMENT_SECRETS?",
  404: "does the setting `endpoint` end in /webhooks/segment, and does the bridge run with SEGMENT_SECRETS?",
  413: "the event is larger than the bridge, or a proxy in front of it, allows",
};
const NOT_THE_BRIDGE =
  "does the setting `endpoint` lead to the bridge itself, without a redirect or a login in front of it?";
const DELETE_HINT = "this does not delete the person: run `npm run person -- delete ID` where the bridge runs";

async function onIdentify(event, settings) {
  await deliver(event, settings);
}

async function onTrack(event, settings) {
  await deliver(event, settings);
}

async function onPage(event, settings) {
  await deliver(event, settings);
}

async function onScreen(event, settings) {
  await deliver(event, settings);
}

async function onGroup(event, settings) {
  await deliver(event, settings);
}

async function onAlias(event, settings) {
  await deliver(event, settings);
}

async function onDelete() {
  throw new EventNotSupported(DELETE_HINT);
}

/** Returns a result for each event, so that Segment retries only those with a temporary error. */
async function onBatch(events, settings) {
  const deletes = events.filter(({ type }) => type === "delete");
  const others = events.filter(({ type }) => type !== "delete");
  const errors = new Map(deletes.map((event) => [event, new EventNotSupported(DELETE_HINT)]));
  if (others.length > 0) await deliverAll(others, targetOf(settings), errors);

  const results = events.map((event) => errors.get(event));
  const isAll = (test) => results.length > 0 && results.every((error) => error !== undefined && test(error));
  if (isAll((error) => error instanceof RetryError) || isAll(({ message }) => message === results[0].message))
    throw results[0];
  return results.map((error) => {
    if (error === undefined) return { status: 200 };
    return { status: error instanceof RetryError ? 500 : 400, errormessage: error.message };
  });
}

async function deliver(event, settings) {
  const error = errorOf(await post(event, targetOf(settings)));
  if (error !== null) throw error;
}

/** Splits a batch that is too large into halves and sends them at the same time. Adds each failed event to `errors`. */
async function deliverAll(events, target, errors) {
  const answer = events.length > MOST_AT_ONCE ? { status: 413 } : await post(events, target);
  if (answer.status === 413 && events.length > 1) {
    const half = Math.ceil(events.length / 2);
    const halves = [events.slice(0, half), events.slice(half)];
    await Promise.all(halves.map((some) => deliverAll(some, target, errors)));
    return;
  }
  const error = errorOf(answer);
  if (error !== null) for (const event of events) errors.set(event, error);
}

/** All requests of one call of the function share its deadline. */
function targetOf(settings) {
  const [endpoint, secret] = [settings.endpoint, settings.secret].map((setting) => String(setting || "").trim());
  if (!/^https?:\/\//.test(endpoint))
    throw new Error("the setting `endpoint` is missing, or does not begin with https://");
  if (secret === "") throw new Error("the setting `secret` is missing");
  return { endpoint, authorization: `Bearer ${secret}`, deadline: Date.now() + ANSWER_WITHIN_MS };
}

/** Returns the answer's status, or why there was no answer in time. */
async function post(body, { endpoint, authorization, deadline }) {
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(() => resolve({ why: "did not answer in time" }), deadline - Date.now());
  });
  try {
    return await Promise.race([send(), late]);
  } catch (error) {
    // The message may contain the URL or a header; the code does not.
    return { why: `could not be reached${error.code ? `: ${error.code}` : ""}` };
  } finally {
    clearTimeout(timer);
  }

  async function send() {
    const response = await fetch(endpoint, {
      method: "POST",
      headers: { authorization, "content-type": "application/json" },
      body: JSON.stringify(body),
      redirect: "manual",
    });
    await response.text();
    return { status: response.status };
  }
}

/** Null when the bridge has stored the event. */
function errorOf({ status, why }) {
  if (status === 202) return null;
  if (status === undefined) return new RetryError(`the bridge ${why}`);
  const answer = `the bridge answered ${status}`;
  if (status === 408 || status === 429 || status >= 500) return new RetryError(answer);
  return new Error(`${answer}: ${HINTS[status] || NOT_THE_BRIDGE}`);
}
