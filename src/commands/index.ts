import type { Command } from "../lib/command.ts";
import type { LoadProduct } from "./load-product.ts";

/** All commands by name. Each is imported only for its name. */
export const COMMANDS = {
  backup: async () => (await import("./backup.ts")).backup,
  connect: async (product) => (await import("./connect.ts")).connectOf(product),
  dashboard: async (product) => (await import("./dashboard.ts")).dashboardOf(product),
  doctor: async (product) => (await import("./doctor.ts")).doctorOf(product),
  person: async () => (await import("./person.ts")).person,
  plan: async (product) => (await import("./plan.ts")).planOf(product),
  reconcile: async (product) => (await import("./reconcile.ts")).reconcileOf(product),
  redrive: async () => (await import("./redrive.ts")).redrive,
  sync: async (product) => (await import("./sync.ts")).syncOf(product),
  why: async (product) => (await import("./why.ts")).whyOf(product),
} satisfies Record<string, (product: LoadProduct) => Promise<Command>>;

export type CommandName = keyof typeof COMMANDS;
