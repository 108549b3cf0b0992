import type { z } from "zod";
import { readResponse, request, type Service } from "../../lib/service-client.ts";

/** Access to the Profile API of one space. */
export interface ProfileAccess {
  host: string;
  spaceId: string;
  token: string;
}

const HINTS: Record<number, string> = {
  401: "; is SEGMENT_PROFILE_TOKEN an access token of the space SEGMENT_SPACE_ID?",
  403: "; may SEGMENT_PROFILE_TOKEN read the space SEGMENT_SPACE_ID?",
  404: "; is SEGMENT_SPACE_ID a space at SEGMENT_PROFILE_HOST?",
};

/**
 * Reads from Segment's Profile API, with paths inside the users of the space; null when `isMissing` holds of the
 * body of a 404. Errors: src/lib/service-client.ts.
 * Source: https://www.twilio.com/docs/segment/unify/profile-api
 */
export function createSegmentClient({ host, spaceId, token }: ProfileAccess) {
  const service: Service = {
    name: "Segment",
    host,
    headers: { authorization: `Basic ${Buffer.from(`${token}:`).toString("base64")}` },
    hintOf: (status) => HINTS[status] ?? "",
  };
  const users = `/v1/spaces/${encodeURIComponent(spaceId)}/collections/users/profiles`;

  return async <Schema extends z.ZodType>({
    path,
    isMissing,
    signal,
    ...answer
  }: {
    path: string;
    answer: Schema;
    unreadable(error: z.ZodError): string;
    isMissing(json: unknown): boolean;
    signal: AbortSignal;
  }): Promise<z.output<Schema> | null> => {
    const response = await request(service, { path: `${users}${path}`, signal });
    if (response.status === 404 && isMissing(response.json)) return null;
    return readResponse(service, response, answer);
  };
}
