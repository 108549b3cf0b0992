import type { Product } from "../contracts/product.ts";
import type { LifecycleWorkflow } from "../engine/lifecycle.ts";
import type { Command } from "../lib/command.ts";

type LoadProduct = () => Promise<Product<LifecycleWorkflow>>;

/** All commands by name. The file of a command is imported only when the command runs. */
export const COMMANDS = {
  backup: async () => (await import("./backup.ts")).backup,
  connect: async (product) => (await import("./connect.ts")).connectOf(await product()),
  dashboard: async (product) => (await import("./dashboard.ts")).dashboardOf(await product()),
  doctor: async (product) => (await import("./doctor.ts")).doctorOf(await product()),
  person: async () => (await import("./person.ts")).person,
  plan: async (product) => (await import("./plan.ts")).planOf(await product()),
  reconcile: async (product) => (await import("./reconcile.ts")).reconcileOf(await product()),
  redrive: async () => (await import("./redrive.ts")).redrive,
  sync: async (product) => (await import("./sync.ts")).syncOf(await product()),
  why: async (product) => (await import("./why.ts")).whyOf(await product()),
} satisfies Record<string, (product: LoadProduct) => Promise<Command>>;

export type CommandName = keyof typeof COMMANDS;
