import { PostHog } from "posthog-node";
import { eventNameOf, OUR_LIB, type Report } from "../../contracts/report.ts";
import { eventUuidOf } from "../../contracts/run.ts";
import { batchCommit } from "../../lib/batch-commit.ts";
import { DAY_MS } from "../../lib/durations.ts";
import { UnavailableError } from "../../lib/errors.ts";
import { uuidV5 } from "../event-fields.ts";

/** The event by which PostHog's experiments count people. */
const EXPOSURE = "$feature_flag_called";

type Event = Parameters<PostHog["capture"]>[0];

/** All opt-outs of a person, as of `at`, ISO 8601. */
interface PersonOptOuts {
  distinctId: string;
  optOuts: string[];
  at: string;
}

/** posthog-node sends this many events in one request. */
export const MOST_TOGETHER = 100;
const NEVER_MS = DAY_MS;
/** The longest wait for PostHog, also when the process stops. */
const TIMEOUT_MS = 3_000;

/**
 * Reports the result of each message to PostHog, as `notification sent`, `notification clicked` and so on, and the
 * exposure of its person to experiments. Resolves when PostHog has all events of the report, else rejects. Events of
 * the same run, step and status have the same uuid, and so have exposures of the same run and flag. So a repeated
 * report counts once. Reports that come during a request share the next request.
 */
export function createPostHogReport({ host, projectToken }: { host: string; projectToken: string }) {
  const connect = () => {
    // posthog-node reads the mode only from the environment. In mode v1, flush() resolves even after an answer of 500.
    // biome-ignore lint/style/noProcessEnv: there is no option for it.
    process.env.POSTHOG_CAPTURE_MODE = "v0";
    const sending = { flushAt: 2 * MOST_TOGETHER, flushInterval: NEVER_MS };
    return new Reporter(projectToken, { host, ...sending, fetchRetryCount: 0, requestTimeout: TIMEOUT_MS });
  };
  let client = connect();
  let isStopping = false;
  let flushing: Promise<unknown> = Promise.resolve();

  const enqueue = batchCommit<Event[], undefined>({
    commit: send,
    bytesOf: (events) => events.length,
    isAboutAnItem: (error) => !(error instanceof UnavailableError),
    mostWaiting: 10_000,
    mostWaitingBytes: 10_000,
    mostInBatch: MOST_TOGETHER,
    mostBatchBytes: MOST_TOGETHER,
  });
  return {
    report: (report: Report): Promise<void> => enqueue(eventsOf(report)),
    setOptOuts: (person: PersonOptOuts): Promise<void> => enqueue([optOutsEvent(person)]),
    /** Waits for the request in progress. Reports that wait for the next request are rejected, and their jobs stay. */
    async stop(): Promise<void> {
      isStopping = true;
      // A client that is shut down during a request prints the error and its stack.
      await flushing.catch(() => {});
      await client.shutdown(TIMEOUT_MS);
    },
  };

  async function send(groups: Event[][]): Promise<undefined[]> {
    const why = "nothing is reported to PostHog, because this process is stopping";
    if (isStopping) throw new UnavailableError(why, { answered: true });
    for (const event of groups.flat()) client.capture(event);
    try {
      flushing = client.flush();
      await flushing;
      return groups.map(() => undefined);
    } catch (error) {
      // A new client, because the old one may send the events again with a later flush, and our queue repeats them too.
      client = connect();
      throw errorOf(error);
    }
  }
}

export type PostHogReports = ReturnType<typeof createPostHogReport>;

/** Marks our events by their `$lib`. The events of all other servers with posthog-node have its default `$lib`. */
class Reporter extends PostHog {
  override getLibraryId(): string {
    return OUR_LIB;
  }
}

/** No answer, 429 and 5xx count as an outage, because they do not depend on the events of the request. */
function errorOf(error: unknown): Error {
  const { status } = error as { status?: number };
  if (status === undefined || status === 429 || status >= 500)
    return new UnavailableError("PostHog is down", { cause: error, answered: false });
  return new Error("PostHog did not accept the report", { cause: error });
}

/** An event that only changes the person. The same opt-outs of the same moment have the same uuid. */
function optOutsEvent({ distinctId, optOuts, at }: PersonOptOuts): Event {
  return {
    distinctId,
    event: "$set",
    uuid: uuidV5(`opt-outs:${distinctId}:${at}:${JSON.stringify(optOuts)}`),
    timestamp: new Date(at),
    properties: { $set: { unsubscribed_from: optOuts } },
  };
}

function eventsOf(report: Report): Event[] {
  const { distinctId, transactionId, workflow, step, status, variants, exposures = [] } = report;
  const facts = { distinctId, timestamp: new Date(report.at) };
  const message = {
    ...facts,
    event: eventNameOf(status),
    uuid: uuidV5(`${transactionId}:${step ?? ""}:${status}`),
    // The event belongs to the person if PostHog has one. It does not create a deleted person again.
    properties: { ...propertiesOf(report), $process_person_profile: false },
  };
  const exposed = exposures.map((flag) => ({
    ...facts,
    event: EXPOSURE,
    uuid: uuidV5(`${transactionId}:exposure:${flag}`),
    properties: {
      $feature_flag: flag,
      $feature_flag_response: variants[flag],
      [`$feature/${flag}`]: variants[flag],
      workflow,
      step,
      transaction_id: transactionId,
    },
  }));
  return [message, ...exposed];
}

/** The properties that every `notification …` event has. */
function propertiesOf({ workflow, step, channel, transactionId, template, variants, properties }: Report) {
  return {
    workflow,
    step,
    channel,
    transaction_id: transactionId,
    event_uuid: eventUuidOf(transactionId, workflow),
    template,
    ...Object.fromEntries(Object.entries(variants).map(([flag, variant]) => [`$feature/${flag}`, variant])),
    ...properties,
  };
}
