import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";

/** The last stage of a Dockerfile: a folder as its root, and the command that runs it. */
export interface Image {
  /** Where one of its paths is here. */
  at(path: string): string;
  workdir: string;
  env: Record<string, string>;
  user: { uid: number; gid: number };
  healthcheck: string[];
  cmd: string[];
}

/**
 * Does what a Dockerfile says, with a folder for each stage in `into` and files from `context`. Where it says
 * `npm ci`, that has been done already, in `installed`. Knows the instructions that ours uses, and throws at others.
 */
export function followDockerfile({
  file,
  context,
  installed,
  into,
  env,
}: {
  file: string;
  context: string;
  installed: string;
  into: string;
  /** Of the commands, and the build arguments. */
  env: Record<string, string>;
}): Image {
  const stages = new Map<string, string>();
  let image = stage("image");

  for (const [instruction, text] of instructionsOf(file)) {
    if (instruction === "FROM") image = stage(/ AS (\w+)$/.exec(text)?.[1] ?? "image");
    else if (instruction === "WORKDIR") {
      image.workdir = text;
      mkdirSync(image.at(text), { recursive: true });
    } else if (instruction === "COPY") copy(text);
    else if (instruction === "RUN") run(text);
    else if (instruction === "USER") image.user = userOf(text);
    else if (instruction === "ENV") {
      for (const [, name = "", value = ""] of text.matchAll(/(\w+)=(\S*)/g))
        image.env[name] = value.replace(/^\$(\w+)$/, (_, variable: string) => env[variable] ?? "");
    } else if (instruction === "HEALTHCHECK")
      image.healthcheck = JSON.parse(text.slice(text.indexOf('["'))) as string[];
    else if (instruction === "CMD") image.cmd = JSON.parse(text) as string[];
    else if (!["ARG", "EXPOSE", "VOLUME"].includes(instruction)) throw new Error(`what is ${instruction}?`);
  }
  return image;

  function stage(name: string): Image {
    const root = join(into, name);
    mkdirSync(root, { recursive: true });
    stages.set(name, root);
    const at = (path: string) => join(root, path);
    return { at, workdir: "/", env: {}, user: { uid: 0, gid: 0 }, healthcheck: [], cmd: [] };
  }

  function copy(text: string): void {
    const [, from, paths = ""] = /^(?:--from=(\w+) )?(.+)$/.exec(text) ?? [];
    const sources = paths.split(" ");
    const target = join(image.workdir, sources.pop() ?? "");
    for (const source of sources) {
      const intoFolder = target.endsWith("/") ? join(target, basename(source)) : target;
      const stage = from === undefined ? context : (stages.get(from) ?? from);
      cpSync(join(stage, source), image.at(intoFolder), { recursive: true });
    }
  }

  function run(command: string): void {
    const cwd = image.at(image.workdir);
    if (command === "npm ci") return symlinkSync(installed, join(cwd, "node_modules"));
    // Its own paths are within the folder, and only root may give files away.
    const here = command.replace(/(?<= )\/\w+/g, (path) => image.at(path));
    const owned = isRoot ? here : here.replaceAll(/ --(owner|group)=\d+/g, "");
    const { status, stdout, stderr } = spawnSync("sh", ["-c", owned], { cwd, env, encoding: "utf8" });
    if (status !== 0) throw new Error(`${command} ended with ${status}:\n${stdout}${stderr}`);
  }
}

export const isRoot = process.getuid?.() === 0;

function userOf(text: string): Image["user"] {
  const [uid = 0, gid = 0] = text.split(":").map(Number);
  return { uid, gid };
}

function instructionsOf(file: string): Array<[string, string]> {
  const lines = readFileSync(file, "utf8").replaceAll("\\\n", " ").split("\n");
  return lines
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)]);
}
