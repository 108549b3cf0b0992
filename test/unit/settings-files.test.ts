import { describe, expect, it } from "vitest";
import { readConfig } from "../../src/config.ts";
import { variablesIn } from "../../src/lib/env-file.ts";
import { POSTHOG_REQUIRED, Settings } from "../../src/settings.ts";
import { configurationGuide, envExample } from "../support/settings-files.ts";

// `npx vitest run test/unit/settings-files.test.ts -u` writes the files.

describe("the files that are made from the settings", () => {
  it.each(Object.entries(Settings.shape))(
    "%s has a description of one line, and a row in the guide",
    (name, schema) => {
      expect(schema.meta()?.description).toMatch(/^[^\n|]{10,110}\.$/);
      expect(schema.meta()?.details ?? "A part.").toMatch(/^[^\n|]+\.$/);
      expect(configurationGuide().split(`\n| \`${name}\` |`)).toHaveLength(2);
    },
  );

  it(".env.example", async () => {
    await expect(envExample()).toMatchFileSnapshot("../../.env.example");
  });

  it(".github/guides/configuration.md", async () => {
    await expect(configurationGuide()).toMatchFileSnapshot("../../.github/guides/configuration.md");
  });
});

describe(".env.example", () => {
  it("has the required settings as empty lines, and the others as comments", () => {
    const lines = variablesIn(envExample());
    expect(Object.keys(lines).sort()).toEqual([
      "LINK_SIGNING_KEYS",
      "NOVU_SECRET_KEY",
      ...Object.keys(POSTHOG_REQUIRED).sort(),
      "PUBLIC_URL",
    ]);
    expect(new Set(Object.values(lines))).toEqual(new Set([""]));
  });

  it("has every setting, with its default", () => {
    const all = variablesIn(envExample().replaceAll(/^#(?=[A-Z_]+=)/gm, ""));
    expect(Object.keys(all).sort()).toEqual(Object.keys(Settings.shape).sort());
    const required = {
      PUBLIC_URL: "https://bridge.acme.example",
      LINK_SIGNING_KEYS: "a key to sign links with",
      NOVU_SECRET_KEY: "novu-key",
      POSTHOG_PROJECT_TOKEN: "phc_1",
      POSTHOG_PROJECT_ID: "1",
      POSTHOG_PERSONAL_API_KEY: "phx_1",
      POSTHOG_WEBHOOK_SECRETS: "a static secret of ours",
    };
    expect(readConfig({ ...all, ...required })).toEqual(readConfig(required));
  });
});
