import { STATUS_CODES } from "node:http";
import type { Response } from "express";

/** Novu wraps what it answers. */
export function answer(response: Response, status: number, data: unknown): void {
  response.status(status).json({ data });
}

/** An error as Novu's API words it; `rest` is what some of them have besides. */
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

/** The answer to a request whose fields Novu does not take; a message begins with the name of its field. */
export function refuseFields(response: Response, messages: string[]): void {
  refuse(response, 422, "Validation Error", { errors: { general: { messages } } });
}
