import { plainTextSelectors } from "@react-email/components";
import { compile } from "html-to-text";

/** As react-email's toPlainText(), which compiles these options again in each call, and so takes five times as long. */
export const plainText: (html: string) => string = compile({ wordwrap: false, selectors: plainTextSelectors });

/** The attributes with which React writes each tag. */
const TAG = /<[a-z][a-z0-9]*(?: [a-zA-Z:-]+(?:="[^"<>]*")?)+\/?>/g;
const WITHOUT_WORDS =
  / (?:style|class|width|height|align|border|cellPadding|cellSpacing|role|target|lang|dir)="[^"<>]*"/g;
const HEAD = /<head>.*?<\/head>/s;

/**
 * The text of HTML that React has rendered. The head and most attributes, four fifths of an email, have no words;
 * without them the parser takes a third of the time. Other HTML may have a tag or an attribute inside a text.
 */
export function plainTextOfReact(html: string): string {
  return plainText(html.replace(HEAD, "").replace(TAG, (tag) => tag.replace(WITHOUT_WORDS, "")));
}
