import { verifyFortnights } from "../../support/verified-fortnights.ts";

verifyFortnights(11, 20);
