import type { Product } from "../contracts/product.ts";
import type { LifecycleWorkflow } from "../engine/lifecycle.ts";

/** Imports the workflows and their emails, which only a command that runs needs. */
export type LoadProduct = () => Promise<Product<LifecycleWorkflow>>;
