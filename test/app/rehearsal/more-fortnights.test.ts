import { verifyFortnights } from "../../support/verified-fortnights.ts";

verifyFortnights(13, 14, 16, 17, 18, 20);
