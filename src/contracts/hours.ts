import { z } from "zod";

/** A part of each day in local time. It includes midnight where `to` is the earlier of the two. */
export interface Hours {
  /** The first minute within, "00:00" to "23:59". */
  from: string;
  /** The first minute no longer within, "00:00" to "24:00"; never the same as `from`. */
  to: string;
}

const FROM = /^([01]\d|2[0-3]):[0-5]\d$/;
const TO = /^(([01]\d|2[0-3]):[0-5]\d|24:00)$/;

/** Hours as in a setting: "09:00-20:00". Its errors repeat nothing of the text. */
export const Hours = z
  .string()
  .regex(/^[^-]*-[^-]*$/, 'expected two times with a dash between them, such as "09:00-20:00"')
  .transform((text) => {
    const [from = "", to = ""] = text.split("-").map((time) => time.trim());
    return { from, to };
  })
  .pipe(
    z.object({
      from: z.string().regex(FROM, 'the first time has to be 00:00 to 23:59 with two digits each, such as "09:00"'),
      to: z.string().regex(TO, 'the second time has to be 00:00 to 24:00 with two digits each, such as "20:00"'),
    }),
  )
  .refine(({ from, to }) => from !== to, 'the two times are the same; the whole day is "00:00-24:00"');
