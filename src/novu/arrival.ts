import { finished } from "node:stream/promises";
import type { Request, Response } from "express";

/** Whether an answer that was just given gets away, or the other side has hung up before. */
export async function getsAway({ socket }: Request, response: Response): Promise<boolean> {
  if (socket.destroyed) return false;
  try {
    await finished(response);
    return true;
  } catch {
    return false;
  }
}
