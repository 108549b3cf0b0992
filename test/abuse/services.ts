import { startHelper } from "./helper-process.ts";

/** Novu's error for some triggers. */
export interface Trouble {
  /** For transaction ids that contain one of these. */
  of: string[];
  status: number;
  headers?: Record<string, string>;
}

/** The calls to Novu, each with its time in milliseconds since 1970. */
export interface Arrived {
  triggers: Array<[transactionId: string, at: number]>;
  profiles: Array<[subscriberId: string, at: number]>;
}

export type ServicesAsk =
  | { kind: "open"; local: boolean }
  | { kind: "connect"; bridgeUrl: string }
  | { kind: "trouble"; trouble: Trouble | null }
  | { kind: "take" };

export interface Opened {
  novuUrl: string;
  posthogUrl: string;
}

export interface Services extends Opened {
  /** Publishes the workflows of an app that listens. */
  connect(bridgeUrl: string): Promise<void>;
  trouble(trouble: Trouble | null): Promise<void>;
  /** Reads the calls since the last one. */
  look(): Promise<void>;
  /** The first time of each accepted trigger and each subscriber update, in milliseconds since 1970. */
  triggeredAt: Map<string, number>;
  profiledAt: Map<string, number>;
  stop(): Promise<void>;
}

/** A Novu and a PostHog in a process of their own: the local ones, or for long runs stubs that accept everything. */
export async function startServices({ local }: { local: boolean }): Promise<Services> {
  const helper = await startHelper<ServicesAsk, unknown>(new URL("./services-process.ts", import.meta.url));
  const opened = (await helper.ask({ kind: "open", local })) as Opened;
  const [triggeredAt, profiledAt] = [new Map<string, number>(), new Map<string, number>()];
  return {
    ...opened,
    triggeredAt,
    profiledAt,
    connect: async (bridgeUrl) => void (await helper.ask({ kind: "connect", bridgeUrl })),
    trouble: async (trouble) => void (await helper.ask({ kind: "trouble", trouble })),
    async look() {
      const { triggers, profiles } = (await helper.ask({ kind: "take" })) as Arrived;
      for (const [id, at] of triggers) if (!triggeredAt.has(id)) triggeredAt.set(id, at);
      for (const [id, at] of profiles) if (!profiledAt.has(id)) profiledAt.set(id, at);
    },
    stop: helper.stop,
  };
}
