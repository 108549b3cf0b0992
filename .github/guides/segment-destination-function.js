// Brings Segment's events to posthog-novu-bridge, unchanged.
//
// In Segment: Connections → Catalog → Functions → New Function → Destination → Build. Put this file in
// the place of what the editor shows, and add two settings in its tab Settings, both required:
//   endpoint   string, such as https://bridge.acme.example/webhooks/segment
//   secret     string, encrypted: one of the bridge's SEGMENT_SECRETS
// Then Configure → Create Function, and connect it to your sources.
//
// An event counts as delivered when the bridge has it on disk. What it cannot take just now Segment sends
// again, for four hours; every other refusal is final, and says in Segment's Event Delivery what to do.
// Source: https://www.twilio.com/docs/segment/connections/functions/destination-functions

/** Segment ends a function after 5 seconds. */
const ANSWER_WITHIN_MS = 4000;
/** As many events as the bridge takes at once. */
const MOST_AT_ONCE = 500;

const WAYS_OUT = {
  401: "is the setting `secret` one of the bridge's SEGMENT_SECRETS?",
  404: "does the setting `endpoint` end in /webhooks/segment, and does the bridge run with SEGMENT_SECRETS?",
  413: "the event is larger than the bridge, or a proxy before it, takes",
};
const NOT_THE_BRIDGE =
  "does the setting `endpoint` lead to the bridge itself, without a redirect or a login before it?";
const NOBODY_DELETED =
  "nobody is deleted by this: run `npm run person -- delete ID` where the bridge runs, which says what was deleted where";

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
  throw new EventNotSupported(NOBODY_DELETED);
}

/** Answers what became of each event, so that Segment sends only those again that the bridge could not take yet. */
async function onBatch(events, settings) {
  const deletes = events.filter(({ type }) => type === "delete");
  const others = events.filter(({ type }) => type !== "delete");
  const errors = new Map(deletes.map((event) => [event, new EventNotSupported(NOBODY_DELETED)]));
  if (others.length > 0) await deliverAll(others, doorOf(settings), errors);

  const outcomes = events.map((event) => errors.get(event));
  const isAll = (test) => outcomes.length > 0 && outcomes.every((error) => error !== undefined && test(error));
  if (isAll((error) => error instanceof RetryError) || isAll(({ message }) => message === outcomes[0].message))
    throw outcomes[0];
  return outcomes.map((error) => {
    if (error === undefined) return { status: 200 };
    return { status: error instanceof RetryError ? 500 : 400, errormessage: error.message };
  });
}

async function deliver(event, settings) {
  const error = errorOf(await post(event, doorOf(settings)));
  if (error !== null) throw error;
}

/** In halves where it is too much at once, all of them at the same time; notes the error of each event that has one. */
async function deliverAll(events, door, errors) {
  const answer = events.length > MOST_AT_ONCE ? { status: 413 } : await post(events, door);
  if (answer.status === 413 && events.length > 1) {
    const half = Math.ceil(events.length / 2);
    const halves = [events.slice(0, half), events.slice(half)];
    await Promise.all(halves.map((some) => deliverAll(some, door, errors)));
    return;
  }
  const error = errorOf(answer);
  if (error !== null) for (const event of events) errors.set(event, error);
}

/** Where to, with which proof, and until when: all that one call of the function sends shares its time. */
function doorOf(settings) {
  const [endpoint, secret] = [settings.endpoint, settings.secret].map((setting) => String(setting || "").trim());
  if (!/^https?:\/\//.test(endpoint))
    throw new Error("the setting `endpoint` is missing, or does not begin with https://");
  if (secret === "") throw new Error("the setting `secret` is missing");
  return { endpoint, authorization: `Bearer ${secret}`, deadline: Date.now() + ANSWER_WITHIN_MS };
}

/** The status of the answer, and none when no answer came in time, with why. */
async function post(body, { endpoint, authorization, deadline }) {
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(() => resolve({ why: "did not answer in time" }), deadline - Date.now());
  });
  try {
    return await Promise.race([send(), late]);
  } catch (error) {
    // Its message may say more than its code.
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

/** Null when the bridge has taken it. */
function errorOf({ status, why }) {
  if (status === 202) return null;
  if (status === undefined) return new RetryError(`the bridge ${why}`);
  const said = `the bridge answered ${status}`;
  if (status === 408 || status === 429 || status >= 500) return new RetryError(said);
  return new Error(`${said}: ${WAYS_OUT[status] || NOT_THE_BRIDGE}`);
}
