import type { Message } from "./messages.ts";
import type { Order } from "./order.ts";
import { importCode, keyCode, textIn } from "./texts.ts";

const PREHEADER = "Write here the line that a mail program shows beside the subject.";
const PARAGRAPH = "Write here the reason for this email, and the one thing to do now.";
const BECAUSE = `You get this because you use \${brand.name}.`;
const BUTTON = `Open \${brand.name}`;

/** The code of an email, with texts for each locale if the project has several. */
export function emailFile({ component }: NonNullable<Message["email"]>, { names: { title }, locales }: Order): string {
  const isTranslated = locales.length > 1;
  const imports = [
    importCode("{ brand }", "./_components/brand.ts"),
    importCode("{ Layout }", "./_components/layout.tsx"),
    isTranslated ? importCode("{ useTexts }", "./_components/reader-locale.ts") : "",
    importCode("{ Button, Greeting, Paragraph, Title }", "./_components/text.tsx"),
  ];
  return `${imports.join("")}
export interface ${component}Props {
  firstName: string | undefined;
  url: string;
}

export default function ${component}({ firstName, url }: ${component}Props) {
${isTranslated ? translatedBody(component) : plainBody(title)}}

${isTranslated ? `${translations(component, title, locales)}\n` : ""}${component}.PreviewProps = {
  firstName: "Ada",
  url: brand.appUrl,
} satisfies ${component}Props;
`;
}

function plainBody(title: string): string {
  return `  return (
    <Layout preheader="${PREHEADER}" because={\`${BECAUSE}\`}>
      <Title>${title}</Title>
      <Greeting name={firstName} />
      <Paragraph>${PARAGRAPH}</Paragraph>
      <Button href={url}>Open {brand.name}</Button>
    </Layout>
  );
`;
}

function translatedBody(component: string): string {
  return `  const texts = useTexts(${component});
  return (
    <Layout preheader={texts.preheader} because={texts.because}>
      <Title>{texts.title}</Title>
      <Greeting name={firstName} />
      <Paragraph>{texts.paragraph}</Paragraph>
      <Button href={url}>{texts.button}</Button>
    </Layout>
  );
`;
}

function translations(component: string, title: string, locales: string[]): string {
  const groups = locales.map((locale, index) => {
    const text = (words: string) => textIn(words, locale, index);
    return `  ${keyCode(locale)}: {
    preheader: "${text(PREHEADER)}",
    because: \`${text(BECAUSE)}\`,
    title: "${text(title)}",
    paragraph: "${text(PARAGRAPH)}",
    button: \`${text(BUTTON)}\`,
  },
`;
  });
  return `${component}.texts = {\n${groups.join("")}};\n`;
}
