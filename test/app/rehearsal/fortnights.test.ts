import { verifyFortnights } from "../../support/verified-fortnights.ts";

verifyFortnights(1, 10);
