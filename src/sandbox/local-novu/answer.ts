import type { Response } from "express";

/** Novu wraps what it answers. */
export function answer(response: Response, status: number, data: unknown): void {
  response.status(status).json({ data });
}

export function refuse(response: Response, statusCode: number, message: string): void {
  response.status(statusCode).json({ statusCode, message, error: message });
}
