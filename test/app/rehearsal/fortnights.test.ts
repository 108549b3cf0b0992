import { verifyFortnights } from "../../support/verified-fortnights.ts";

verifyFortnights(1, 3, 4, 5, 6, 11, 12);
