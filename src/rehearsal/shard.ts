import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { EmailProvider } from "../contracts/channel.ts";
import { NovuPlan } from "../contracts/novu.ts";
import type { Product } from "../contracts/product.ts";
import type { LifecycleWorkflow } from "../engine/lifecycle.ts";
import { isTimeZone } from "../lib/time-zone.ts";
import type { Samples } from "../sandbox/samples.ts";
import { openSandbox, type Sandbox } from "../sandbox/sandbox.ts";
import { Settings } from "../settings.ts";
import { createContents } from "./content.ts";
import { fastSqlite } from "./fast-sqlite.ts";
import { createLineWriter, openPrivate, readHistory } from "./inputs/files.ts";
import { STORE } from "./outcome.ts";
import { outcomesIn } from "./outcome-of.ts";
import { type Played, play, REPLIES } from "./player.ts";

/** A part of a rehearsal, with whole persons, which one process plays. It arrives as JSON. */
export const ShardOrder = z.object({
  /** The history file of this part. */
  file: z.string(),
  /** Milliseconds since 1970. */
  from: z.number(),
  until: z.number(),
  replies: z.enum(REPLIES),
  /** The file for the outcomes. */
  outcomes: z.string(),
  /** The port of a studio, 0 for any free port; null for none. With a studio, all messages stay in the sandbox. */
  studioPort: z.number().nullable().default(null),
  /** A folder for the store, which is emptied first. */
  dataDir: z.string(),
  settings: z.object({
    plan: NovuPlan,
    cap: z.object({ most: z.number(), withinMs: z.number() }),
    hours: z.object({ from: z.string(), to: z.string() }),
    timeZone: z.string(),
    emailProviders: z.array(EmailProvider),
    /** As in the environment; empty for a history with pseudonyms, which has no events of internal users. */
    internalUsers: z.string(),
  }),
});
export type ShardOrder = z.infer<typeof ShardOrder>;

/** The facts about a played part. */
export interface ShardFacts extends Played {
  people: number;
  /** The most memory of the process, in bytes. */
  memory: number;
  workflows: Array<{ id: string; messages: Array<{ step: string; channel: string }> }>;
}

/** The time before the first event in which the clock stands still, so that daily tasks have run once. */
const FIRST_MOMENT_MS = 1_000;

/** Plays one part in a sandbox of its own, and writes the outcomes. */
export async function playShard(
  order: ShardOrder,
  {
    product,
    samples,
    onProgress,
    stay = async () => {},
  }: {
    product: Product<LifecycleWorkflow>;
    samples: Samples;
    /** Called with the address of the sandbox at the end, and the sandbox stays open until it resolves. */
    stay?(url: string): Promise<void>;
    onProgress(at: number, played: Played): void;
  },
): Promise<ShardFacts> {
  const { file, from, until, replies, dataDir, settings, studioPort } = order;
  rmSync(dataDir, { recursive: true, force: true });
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  let memory = 0;
  const contents = createContents();
  await using sandbox = await openSandbox({
    ...{ dataDir: join(dataDir, STORE), product, samples, startAt: from - FIRST_MOMENT_MS },
    ...{ plan: settings.plan, emailProviders: settings.emailProviders },
    ...(studioPort === null ? { isRehearsal: true } : { ports: { app: studioPort, posthog: 0, novu: 0, segment: 0 } }),
    internalUsers: Settings.shape.INTERNAL_USERS.parse(settings.internalUsers),
    marketing: { cap: settings.cap, hours: settings.hours, timeZone: settings.timeZone },
    sqliteDriver: await fastSqlite(),
  });
  const played = await play(sandbox, {
    lines: readHistory(file),
    ...{ from, until, replies },
    onMessage: contents.add,
    onProgress(at, soFar) {
      if (soFar.events % 100 === 0) memory = Math.max(memory, process.memoryUsage.rss());
      onProgress(at, soFar);
    },
  });
  const people = await writeOutcomes(sandbox, order, contents.find);
  const workflows = sandbox.novu.state.workflows.map(({ workflowId, steps }) => ({
    id: workflowId,
    messages: steps.map(({ stepId, type }) => ({ step: stepId, channel: type })),
  }));
  await stay(sandbox.app.url);
  return { ...played, people, memory: Math.max(memory, process.memoryUsage.rss()), workflows };
}

async function writeOutcomes(
  { app, posthog, segment }: Sandbox,
  { outcomes, settings }: Pick<ShardOrder, "outcomes" | "settings">,
  contentOf: (transactionId: string, step: string) => string | null,
): Promise<number> {
  const traitsOf = new Map(segment.state.profiles.flatMap(({ userIds, traits }) => userIds.map((id) => [id, traits])));
  const writer = createLineWriter(await openPrivate(outcomes, "w"));
  let people = 0;
  try {
    for await (const group of outcomesIn(app.store, { timeZoneOf, contentOf })) {
      people += group.length;
      for (const person of group) await writer.write(JSON.stringify(person));
    }
  } finally {
    await writer.close();
  }
  return people;

  /** As the app finds it, without the time zone of the event. */
  function timeZoneOf(distinctIds: string[]): string {
    const { $timezone, $geoip_time_zone } = propertiesOf(distinctIds);
    const known = [$timezone, $geoip_time_zone].find((one) => typeof one === "string" && isTimeZone(one));
    return (known as string | undefined) ?? settings.timeZone;
  }

  function propertiesOf(distinctIds: string[]): Record<string, unknown> {
    const traits = distinctIds.map((id) => traitsOf.get(id)).find((one) => one !== undefined);
    return { ...traits, ...distinctIds.map(posthog.propertiesOf).find((one) => one !== undefined) };
  }
}
