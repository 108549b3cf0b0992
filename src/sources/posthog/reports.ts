import { PostHog } from "posthog-node";
import { type Capture, propertiesOf } from "../../contracts/capture.ts";
import { eventNameOf, OUR_LIB } from "../../contracts/report.ts";
import { batchCommit } from "../../lib/batch-commit.ts";
import { DAY_MS } from "../../lib/durations.ts";
import { UnavailableError } from "../../lib/errors.ts";
import { uuidV5 } from "../../lib/uuid-v5.ts";

/** What PostHog's experiments count the people of. */
const EXPOSURE = "$feature_flag_called";

/** Where there is no PostHog nothing is told. */
export const noReport: ReturnType<typeof createPostHogReport> = {
  report: async () => {},
  setUnwanted: async () => {},
  stop: async () => {},
};

type Event = Parameters<PostHog["capture"]>[0];

/** All that a person does not want, as of `at`, ISO 8601. */
interface Unwanted {
  distinctId: string;
  unwanted: string[];
  at: string;
}

/** As many events as posthog-node puts into one request. */
const MOST_TOGETHER = 100;
const NEVER_MS = DAY_MS;
/** Also how long a stopping process waits at most. */
const TIMEOUT_MS = 3_000;

/**
 * Tells PostHog what became of a message, as `notification sent`, `notification clicked` and so on
 * of the person, and what they are exposed to by it. Resolves when PostHog has all of it and rejects
 * when not. The same run, step and status always have the same uuid, and so has the same run and flag,
 * so that telling it again counts once. What comes during a request shares the next one.
 */
export function createPostHogReport({ host, projectToken }: { host: string; projectToken: string }) {
  const connect = () => {
    // posthog-node takes this from the environment alone. In mode v1 its flush() resolves even when PostHog answers 500.
    // biome-ignore lint/style/noProcessEnv: there is no option for it.
    process.env.POSTHOG_CAPTURE_MODE = "v0";
    return new Reporter(projectToken, {
      host,
      flushAt: 2 * MOST_TOGETHER,
      flushInterval: NEVER_MS,
      fetchRetryCount: 0,
      requestTimeout: TIMEOUT_MS,
    });
  };
  let client = connect();
  let isStopping = false;
  let flushing: Promise<unknown> = Promise.resolve();

  const tell = batchCommit<Event[], undefined>({
    commit: send,
    bytesOf: (events) => events.length,
    isAboutAnItem: (error) => !(error instanceof UnavailableError),
    mostWaiting: 10_000,
    mostWaitingBytes: 10_000,
    mostInBatch: MOST_TOGETHER,
    mostBatchBytes: MOST_TOGETHER,
  });
  return {
    report: (capture: Capture): Promise<void> => tell(eventsOf(capture)),
    setUnwanted: (person: Unwanted): Promise<void> => tell([unwantedEvent(person)]),
    /** Ends what is in progress; what waits behind it is rejected, and stays with the queue. */
    async stop(): Promise<void> {
      isStopping = true;
      // A client that is shut down in the middle of it prints what went wrong, and its stack.
      await flushing.catch(() => {});
      await client.shutdown(TIMEOUT_MS);
    },
  };

  async function send(groups: Event[][]): Promise<undefined[]> {
    if (isStopping)
      throw new UnavailableError("PostHog is not told, because this process is stopping", { answered: true });
    for (const event of groups.flat()) client.capture(event);
    try {
      flushing = client.flush();
      await flushing;
      return groups.map(() => undefined);
    } catch (error) {
      // The client may still hold the events for a later flush; our own queue is what repeats them.
      client = connect();
      throw troubleOf(error);
    }
  }
}

/** Every server's events have posthog-node's `$lib`; by this one we know our own again. */
class Reporter extends PostHog {
  override getLibraryId(): string {
    return OUR_LIB;
  }
}

/** No answer at all, or one that says to come back, is not about what was sent. */
function troubleOf(error: unknown): Error {
  const { status } = error as { status?: number };
  if (status === undefined || status === 429 || status >= 500) {
    return new UnavailableError("PostHog is down", { cause: error, answered: false });
  }
  return new Error("PostHog did not take the report", { cause: error });
}

/** Changes the person, and is no event of theirs. The same list of the same moment has the same uuid. */
function unwantedEvent({ distinctId, unwanted, at }: Unwanted): Event {
  return {
    distinctId,
    event: "$set",
    uuid: uuidV5(`unwanted:${distinctId}:${at}:${JSON.stringify(unwanted)}`),
    timestamp: new Date(at),
    properties: { $set: { unsubscribed_from: unwanted } },
  };
}

function eventsOf(capture: Capture): Event[] {
  const { distinctId, transactionId, workflow, step, status, variants, exposures = [] } = capture;
  const facts = { distinctId, timestamp: new Date(capture.at) };
  const message = {
    ...facts,
    event: eventNameOf(status),
    uuid: uuidV5(`${transactionId}:${step ?? ""}:${status}`),
    properties: {
      ...propertiesOf(capture),
      // Belongs to the person all the same where there is one; one that was deleted is not made again by it.
      $process_person_profile: false,
    },
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
