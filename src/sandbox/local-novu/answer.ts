import { STATUS_CODES } from "node:http";
import type { Response } from "express";

/** The date of records whose age does not matter. */
export const SOME_DAY = "2026-01-01T00:00:00.000Z";

/** An answer as Novu wraps it. */
export function answer(response: Response, status: number, data: unknown): void {
  response.status(status).json({ data });
}

/** An error of Novu's API; `rest` has the further fields of some errors. */
export function refuse(response: Response, statusCode: number, message: string, rest: object = {}): void {
  response.status(statusCode).json({
    statusCode,
    timestamp: new Date().toISOString(),
    path: response.req.originalUrl,
    message,
    error: STATUS_CODES[statusCode],
    ctx: {},
    ...rest,
  });
}

/** The error for invalid fields; each message begins with the name of its field. */
export function refuseFields(response: Response, messages: string[]): void {
  refuse(response, 422, "Validation Error", { errors: { general: { messages } } });
}
