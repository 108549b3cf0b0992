/** Novu's own command, in a tested version. */
export const NOVU_CLI = "novu@2.20.1";
