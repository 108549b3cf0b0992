import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { describe, expect, it } from "vitest";

const root = new URL("../../../", import.meta.url);
const read = (name: string) => readFileSync(new URL(name, root), "utf8");
const BLOCK = 4096;
const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
const lock = JSON.parse(read("package-lock.json")) as {
  packages: Record<string, { dev?: boolean; hasInstallScript?: boolean; resolved?: string; libc?: string[] }>;
};

describe("the installed packages", () => {
  it("runs no install script in production", () => {
    const scripted = Object.entries(lock.packages).filter(
      ([, { hasInstallScript, dev }]) => hasInstallScript === true && dev !== true,
    );
    expect(scripted.map(([name]) => name)).toEqual([]);
  });

  // npm 11 warns of each that package.json neither allows nor denies. esbuild's binary comes as a package of its own.
  it("denies the install scripts of development tools, so that npm ci warns of none", () => {
    const scripted = Object.keys(lock.packages).filter((name) => lock.packages[name]?.hasInstallScript);
    const { allowScripts } = JSON.parse(read("package.json")) as { allowScripts: Record<string, boolean> };
    const denied = Object.keys(allowScripts).map((name) => `node_modules/${name}`);
    expect([denied, Object.values(allowScripts)]).toEqual([scripted, scripted.map(() => false)]);
  });

  it("is installed from the registry that npm is set to", () => {
    expect(Object.values(lock.packages).filter(({ resolved }) => resolved?.startsWith("http"))).toEqual([]);
  });

  it("has no development tool among the production packages", () => {
    expect(lock.packages["node_modules/next"]).toMatchObject({ dev: true });
  });

  it("needs less than 90 MB of disk in production", () => {
    const installed = Object.keys(lock.packages).filter((path) => path !== "" && lock.packages[path]?.dev !== true);
    const bytes = installed.map((path) => bytesOnDisk(new URL(`${path}/`, root))).reduce((sum, one) => sum + one, 0);
    expect(bytes / 1024 ** 2).toBeGreaterThan(20);
    expect(bytes / 1024 ** 2).toBeLessThan(90);
  });

  // libsql's packages do not say which C library they are for, so each machine would install both, 10 MB for nothing.
  // After an update of libsql, add "libc": ["musl"] or ["glibc"] to its entries in package-lock.json; npm keeps it there.
  it("has the store's engine for this machine's C library only", () => {
    const engines = Object.entries(lock.packages).filter(([name]) => name.startsWith("node_modules/@libsql/linux-"));
    expect(engines.map(([name, { libc }]) => [name, libc])).toEqual(
      engines.map(([name]) => [name, [name.includes("musl") ? "musl" : "glibc"]]),
    );
  });
});

/** Of a package without the packages in it; 0 for a package of another platform. A file takes whole blocks. */
function bytesOnDisk(folder: URL): number {
  if (!existsSync(folder)) return 0;
  return readdirSync(folder, { withFileTypes: true }).reduce((bytes, entry) => {
    if (entry.name === "node_modules") return bytes;
    if (entry.isDirectory()) return bytes + bytesOnDisk(new URL(`${encodeURIComponent(entry.name)}/`, folder));
    return bytes + Math.ceil(statSync(new URL(encodeURIComponent(entry.name), folder)).size / BLOCK) * BLOCK;
  }, BLOCK);
}

describe("the README and the workflows of GitHub", () => {
  const documents = [
    "README.md",
    ".github/CONTRIBUTING.md",
    ...readdirSync(new URL(".github/guides/", root)).map((name) => `.github/guides/${name}`),
    ...readdirSync(new URL(".github/workflows/", root)).map((name) => `.github/workflows/${name}`),
  ];

  it.each(documents)("%s names only scripts and files that exist", (name) => {
    const text = read(name);
    const named = [...text.matchAll(/npm run (?:--silent )?([\w:-]+)/g)].map(([, script = ""]) => script);
    expect(named.filter((script) => scripts[script] === undefined)).toEqual([]);
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path = ""]) => path);
    expect(links.filter((path) => !existsSync(new URL(path, new URL(name, root))))).toEqual([]);
    const paths = [...text.matchAll(/`((?:src|test|emails|\.github)\/[\w./-]+)`/g)].map(([, path = ""]) => path);
    expect(paths.filter((path) => !existsSync(new URL(path, root)))).toEqual([]);
  });

  it("README.md has at most 180 lines", () => {
    expect(read("README.md").split("\n").length).toBeLessThanOrEqual(180);
  });

  it("CONTRIBUTING.md names every folder of src", () => {
    const folders = readdirSync(new URL("src/", root), { withFileTypes: true }).filter((one) => one.isDirectory());
    const unnamed = folders.filter(({ name }) => !read(".github/CONTRIBUTING.md").includes(`\`${name}\``));
    expect(unnamed.map(({ name }) => name)).toEqual([]);
  });

  it("README.md shows every screenshot, and none is heavy", () => {
    const pictures = readdirSync(new URL(".github/screenshots/", root));
    expect(pictures).toHaveLength(5);
    for (const picture of pictures) {
      expect(read("README.md")).toMatch(new RegExp(`!\\[[^\\]]{20,}\\]\\(\\.github/screenshots/${picture}\\)`));
      expect([picture, statSync(new URL(`.github/screenshots/${picture}`, root)).size]).toSatisfy(
        ([, size]) => Number(size) < 150 * 1024,
      );
    }
  });
});
