import { PostHog } from "posthog-node";
import { type Capture, propertiesOf } from "../contracts/capture.ts";
import { eventNameOf, OUR_LIB } from "../contracts/report.ts";
import { UnavailableError } from "../lib/errors.ts";
import { groupCommit } from "../lib/group-commit.ts";
import { uuidV5 } from "../lib/uuid-v5.ts";

type Event = Parameters<PostHog["capture"]>[0];

/** All that a person does not want, as of `at`, ISO 8601. */
interface Unwanted {
  distinctId: string;
  unwanted: string[];
  at: string;
}

/** As many events as posthog-node puts into one request. */
const MOST_TOGETHER = 100;
const NEVER_MS = 24 * 60 * 60 * 1000;
/** Also how long a stopping process waits at most. */
const TIMEOUT_MS = 3_000;

/**
 * Tells PostHog what became of a message, as `notification sent`, `notification clicked` and so on
 * of the person. Resolves when PostHog has it and rejects when not. The same run, step and status
 * always have the same uuid, so that telling it again counts once. What comes during a request
 * shares the next one.
 */
export function createPostHogReport({ host, projectToken }: { host: string; projectToken: string }) {
  const connect = () =>
    new Reporter(projectToken, {
      host,
      flushAt: 2 * MOST_TOGETHER,
      flushInterval: NEVER_MS,
      fetchRetryCount: 0,
      requestTimeout: TIMEOUT_MS,
    });
  let client = connect();

  const tell = groupCommit<Event, undefined>({
    commit: send,
    bytesOf: () => 1,
    isAboutAnItem: (error) => !(error instanceof UnavailableError),
    mostWaiting: 10_000,
    mostWaitingBytes: 10_000,
    mostTogether: MOST_TOGETHER,
    mostBytesTogether: MOST_TOGETHER,
  });
  return {
    report: (capture: Capture): Promise<void> => tell(eventOf(capture)),
    setUnwanted: (person: Unwanted): Promise<void> => tell(unwantedEvent(person)),
    stop: () => client.shutdown(TIMEOUT_MS),
  };

  async function send(events: Event[]): Promise<undefined[]> {
    for (const event of events) client.capture(event);
    try {
      await client.flush();
      return events.map(() => undefined);
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
    return new UnavailableError("PostHog is down", { cause: error, refused: false });
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

function eventOf(capture: Capture): Event {
  return {
    distinctId: capture.distinctId,
    event: eventNameOf(capture.status),
    uuid: uuidV5(`${capture.transactionId}:${capture.step ?? ""}:${capture.status}`),
    timestamp: new Date(capture.at),
    properties: {
      ...propertiesOf(capture),
      // An event of a person makes the person; one that was deleted must stay so.
      ...(capture.properties.reason === "person not found" && { $process_person_profile: false }),
    },
  };
}
