import { product } from "../../src/workflows/product.ts";
import { describeWorkflows } from "../support/workflow-promises.ts";

describeWorkflows(product);
