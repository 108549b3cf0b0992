import { afterAll, beforeAll, describe, it } from "vitest";
import type { Queue } from "../../src/contracts/job.ts";
import { createLog } from "../../src/lib/log.ts";
import { openPostgresStore } from "../../src/store/postgres.ts";
import { event, start } from "../support/facts.ts";
import { hasPgBouncer, openPgBouncer } from "../support/pgbouncer.ts";
import { hasPostgres, openTestDatabase } from "../support/postgres.ts";
import { postgresEngine } from "../support/postgres-engine.ts";
import { eventually } from "../support/sandbox.ts";
import { storePromises } from "./promises.ts";

const log = createLog({ level: "silent" });

describe.skipIf(!hasPostgres || !hasPgBouncer)("PostgreSQL behind PgBouncer", () => {
  let bouncer: Awaited<ReturnType<typeof openPgBouncer>>;
  beforeAll(async () => {
    bouncer = await openPgBouncer(process.env.TEST_DATABASE_URL ?? "");
  });
  afterAll(() => bouncer?.[Symbol.asyncDispose]());

  storePromises(
    "PostgreSQL behind PgBouncer",
    postgresEngine((url) => bouncer.url(url)),
  );

  it("hears of work at once by the direct address, and by the poll without one", async () => {
    await using database = await openTestDatabase();
    const url = bouncer.url(database.url);
    const direct = await openPostgresStore({ url, directUrl: database.url, now: Date.now, log });
    const polling = await openPostgresStore({ url, now: Date.now, log });
    // The poll wakes both queues, news only the one that has work.
    const news = { direct: 0, polling: 0 };
    const polls = { direct: 0, polling: 0 };
    const hear = (store: keyof typeof news) => (queue: Queue) => {
      if (queue === "novu") news[store] += 1;
      else polls[store] += 1;
    };
    direct.on("jobs", hear("direct"));
    // Asked before the other one listens: its own goes to a connection that others use next.
    await eventually(() => database.isListenedTo());
    polling.on("jobs", hear("polling"));
    await polling.events.insert(event(), { starts: [start()], exits: [] });
    await eventually(() => news.direct > polls.direct, 1_500);
    await eventually(() => polls.polling > 0);
    await Promise.all([direct.close(), polling.close()]);
  });
});
