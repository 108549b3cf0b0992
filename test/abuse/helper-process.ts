import { fork } from "node:child_process";
import { once } from "node:events";
import { setPriority } from "node:os";
import { fileURLToPath } from "node:url";

/** A helper process that does one task per message, so that attackers and measurements do not share an event loop. */
export interface Helper<Ask, Answer> {
  ask(message: Ask): Promise<Answer>;
  stop(): Promise<void>;
}

type Reply = { id: number; answer: unknown; error?: string };

/** Starts a file that calls `answerAsks`; with `niceness` above 0 other processes go first. */
export async function startHelper<Ask, Answer>(file: URL, niceness = 0): Promise<Helper<Ask, Answer>> {
  const child = fork(fileURLToPath(file), {
    execArgv: ["--import", "tsx"],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const waiting = new Map<number, { resolve(answer: Answer): void; reject(error: Error): void }>();
  let asked = 0;
  child.on("message", (reply: Reply | "ready") => {
    if (reply === "ready") return;
    const { id, answer, error } = reply;
    if (error === undefined) waiting.get(id)?.resolve(answer as Answer);
    else waiting.get(id)?.reject(new Error(error));
    waiting.delete(id);
  });
  child.on("exit", (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`the helper ${file.pathname} ended with ${code}`));
  });
  await once(child, "message");
  if (niceness > 0) setPriority(child.pid!, niceness);

  return {
    ask(message) {
      asked += 1;
      const id = asked;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        child.send({ id, message });
      });
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}
