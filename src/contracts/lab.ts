/** What the sandbox gives the studio, which is then open without a login, on this machine only. */
export interface Lab {
  clock: { now(): number };
}
