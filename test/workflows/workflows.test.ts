import { workflows } from "../../src/workflows/index.ts";
import { describeWorkflows } from "../support/workflow-promises.ts";

describeWorkflows(workflows);
