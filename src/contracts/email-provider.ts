import { z } from "zod";

/** Who sends the emails, as Novu's integrations are called. */
export const EmailProvider = z.enum(["sendgrid", "resend", "ses", "nodemailer", "postmark", "mailgun"]);
export type EmailProvider = z.infer<typeof EmailProvider>;
