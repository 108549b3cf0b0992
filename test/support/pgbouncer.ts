import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { testFolder } from "./folder.ts";
import { freePort } from "./free-port.ts";
import { eventually } from "./sandbox.ts";

const COMMAND = "/usr/sbin/pgbouncer";

export const hasPgBouncer = existsSync(COMMAND);
if (!hasPgBouncer) process.stderr.write(`no ${COMMAND}: the tests behind PgBouncer are skipped\n`);

/** A PgBouncer in transaction mode, with fewer connections to the server than clients. */
export async function openPgBouncer(server: string): Promise<{ url(directUrl: string): string } & AsyncDisposable> {
  const { hostname, port: serverPort, username } = new URL(server);
  const port = await freePort();
  const folder = testFolder();
  const file = join(folder.path, "pgbouncer.ini");
  writeFileSync(join(folder.path, "users"), `"${username}" ""\n`);
  writeFileSync(
    file,
    `[databases]
* = host=${hostname} port=${serverPort}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${join(folder.path, "users")}
pool_mode = transaction
default_pool_size = 3
max_client_conn = 500
`,
  );
  const child = start(file, folder.path);
  await eventually(() => answers(port));
  return {
    url(directUrl) {
      const url = new URL(directUrl);
      url.host = `127.0.0.1:${port}`;
      return url.href;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await once(child, "exit");
      folder[Symbol.dispose]();
    },
  };
}

/** It refuses to run as root. */
function start(file: string, folder: string): ChildProcess {
  if (process.getuid?.() !== 0) return spawn(COMMAND, [file], { stdio: "ignore" });
  chmodSync(folder, 0o755);
  return spawn(COMMAND, ["--user", "nobody", file], { stdio: "ignore" });
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
