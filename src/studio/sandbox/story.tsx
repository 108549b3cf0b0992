import { Icon, Panel } from "../ui/parts.tsx";
import { sandboxPage } from "./sandbox-page.ts";

/** Everything that was done in this sandbox, as a test. */
export const storyPage = sandboxPage<{ story: string }>({
  path: "/story",
  read: async ({ sandbox }) => ({ story: await sandbox.exportStory() }),

  view: ({ story }) => ({
    title: "Export a story",
    lead: "Everything that was done in this sandbox and its results, as a test. The test starts with an empty sandbox: npm run dev -- --fresh.",
    content: (
      <Panel
        title="A test for test/workflows/stories"
        padded={true}
        actions={
          <button type="button" className="button small" data-copy="story" hidden={true}>
            <Icon name="story" />
            Copy
          </button>
        }
      >
        <label className="field">
          Events, changes of people, in-app messages that were seen or read, and time travel, to the minute
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
          Resent deliveries are not included, and an event happens at the time of its capture. The test has other
          results if the sandbox started with stored data or changed controls.
        </p>
      </Panel>
    ),
  }),
});
