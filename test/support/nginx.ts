import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { testFolder } from "./folder.ts";
import { freePort } from "./free-port.ts";
import { eventually } from "./sandbox.ts";

/** Debian has it outside the PATH of most users. */
const ENV = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };
const GUIDE = new URL("../../.github/guides/proxies.md", import.meta.url);

export const hasNginx = spawnSync("nginx", ["-v"], { env: ENV }).status === 0;
if (!hasNginx) process.stderr.write("no nginx: the tests behind it are skipped; apt-get install nginx\n");

/** An nginx before the app on `appPort`, with the guide's example, without TLS and on a free port. */
export async function openNginx(appPort: number): Promise<{ url: string; log(): string } & AsyncDisposable> {
  const folder = testFolder();
  const port = await freePort();
  const file = join(folder.path, "nginx.conf");
  writeFileSync(file, mainConfig(folder.path, example({ port, appPort })));
  const child = spawn("nginx", ["-c", file, "-e", join(folder.path, "error.log")], { env: ENV, stdio: "ignore" });
  await eventually(() => listens(port));
  return {
    url: `http://127.0.0.1:${port}`,
    log: () => readFileSync(join(folder.path, "error.log"), "utf8"),
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await once(child, "exit");
      folder[Symbol.dispose]();
    },
  };
}

/** The configuration around a file of nginx's conf.d. nginx writes only to one folder. */
function mainConfig(folder: string, example: string): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `
${process.getuid?.() === 0 ? "user root;" : ""}
daemon off;
pid ${folder}/pid;
error_log ${folder}/error.log;
events { worker_connections 1024; }
http {
  access_log off;
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join("\n  ")}
${example}
}
`;
}

function example({ port, appPort }: { port: number; appPort: number }): string {
  const [, text = ""] = /```nginx\n(.+?)```/s.exec(readFileSync(GUIDE, "utf8")) ?? [];
  return text
    .replace("server 127.0.0.1:4000;", `server 127.0.0.1:${appPort};`)
    .replace("listen 443 ssl;", `listen 127.0.0.1:${port};`)
    .replace(/^ +ssl_certificate.*\n/gm, "");
}

function listens(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  return new Promise<boolean>((resolve) => {
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
  }).finally(() => socket.destroy());
}
