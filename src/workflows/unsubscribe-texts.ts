import type { OwnUnsubscribeTexts } from "../contracts/unsubscribe-texts.ts";

/**
 * The texts of the unsubscribe page, by locale. English and German need none: the engine has them
 * (src/opt-outs/unsubscribe-texts.ts). Those that you add for en or de replace the engine's.
 */
export const UNSUBSCRIBE_TEXTS: OwnUnsubscribeTexts = {};
