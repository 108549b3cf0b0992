import { z } from "zod";

/** A provider that sends emails, by the name of its integration at Novu. */
export const EmailProvider = z.enum(["sendgrid", "resend", "ses", "nodemailer", "postmark", "mailgun"]);
export type EmailProvider = z.infer<typeof EmailProvider>;
