import { equalSecrets, type VerifyRequest } from "./verify-webhook.ts";

/** Verifies `Authorization: Bearer <key>` in constant time. Without a key no request is valid. */
export function createBearerVerifier({
  key,
  setting,
}: {
  key: string | undefined;
  /** The name of the key, for the answer to other requests. */
  setting: string;
}): VerifyRequest {
  return ({ authorization = "" }) => {
    // The name of the scheme may be in lower case.
    const [, token] = /^Bearer +(\S+)$/i.exec(authorization) ?? [];
    if (key !== undefined && token !== undefined && equalSecrets(token, key)) return { valid: true };
    return { valid: false, why: `send ${setting} as a bearer token` };
  };
}
