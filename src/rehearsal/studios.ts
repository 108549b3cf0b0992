import { rm } from "node:fs/promises";
import { join } from "node:path";
import { WORKING_TREE } from "./checkout.ts";
import type { OpenedHistory } from "./inputs/open-history.ts";
import { readingOf } from "./inputs/people.ts";
import { historyOf, selectHistory } from "./inputs/select.ts";
import type { Order } from "./order.ts";
import type { Context } from "./play-sides.ts";
import type { Report } from "./report/compare.ts";
import type { LinkTo } from "./report/document.ts";
import { type Checkout, openStudio } from "./side.ts";

/** The people in the studio of a report without a sample. */
const PEOPLE = 10;

export interface Studios extends Disposable {
  /** The address of each studio. */
  urls: { now: string; against: string | null };
  linkTo: LinkTo;
}

/** Plays the people of the report's sample again, and keeps a studio open for each side. */
export async function openStudios(
  order: Order & { studioPort: number },
  {
    history,
    against,
    report,
  }: { history: OpenedHistory; against: Checkout | null; report: Pick<Report, "comparison"> },
  { root, product, settings, env, signal }: Context,
): Promise<Studios> {
  const folder = join(settings.config.dataDir, "rehearsal", "results");
  const file = join(folder, "sample.jsonl");
  const sample = report.comparison?.sample.map(({ person }) => person) ?? [];
  const [{ from, until }, reading] = [history, readingOf(product)];
  if (sample.length > 0) await historyOf(history.file, { target: file, ids: sample, reading });
  else await selectHistory({ file: history.file, target: file, from, reading }, { events: null, people: PEOPLE });

  const open = (checkout: Checkout, name: string, studioPort: number) =>
    openStudio(
      checkout,
      {
        ...{ file, from, until, replies: order.replies, settings: settings.app, studioPort },
        ...{ outcomes: join(folder, `${name}.jsonl`), dataDir: join(folder, `studio-${name}`) },
      },
      { env, signal },
    );
  const now = await open({ ref: WORKING_TREE, folder: root }, "now", order.studioPort);
  const nextPort = order.studioPort === 0 ? 0 : order.studioPort + 1;
  const other = against === null ? null : await open(against, "against", nextPort);
  await rm(file, { force: true });
  const urls = { now: now.url, against: other?.url ?? null };
  return {
    urls,
    linkTo: (side, person) => urls[side] && `${urls[side]}/people/${encodeURIComponent(person)}`,
    [Symbol.dispose]() {
      now.stop();
      other?.stop();
    },
  };
}
