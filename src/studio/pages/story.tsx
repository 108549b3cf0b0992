import { sandboxPage } from "../page.ts";
import { Icon } from "../ui/icons.tsx";
import { Panel } from "../ui/parts.tsx";

/** All that was done here, as a test. */
export const storyPage = sandboxPage<{ story: string }>({
  path: "/story",
  read: async ({ sandbox }) => ({ story: await sandbox.exportStory() }),

  view: ({ story }) => ({
    title: "Export a story",
    lead: "What was done so far, and what came of it, as a test. It begins where this sandbox was fresh: npm run dev -- --fresh.",
    content: (
      <Panel
        title="A test for test/workflows/stories"
        aside={
          <button type="button" className="button small" data-copy="story" hidden={true}>
            <Icon name="story" />
            Copy
          </button>
        }
      >
        <div className="body">
          <label className="field">
            Events, changes of people, notes that were seen or read, and journeys, to the minute
            <textarea
              id="story"
              className="story"
              readOnly={true}
              rows={Math.min(40, story.split("\n").length)}
              defaultValue={story}
              spellCheck={false}
            />
          </label>
          <p className="quiet">
            Deliveries that were sent again are left out, and an event happens when it was captured. A store that was
            kept from an earlier sandbox, or changed controls that were there before, make it go another way.
          </p>
        </div>
      </Panel>
    ),
  }),
});
