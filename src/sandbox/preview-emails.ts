import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { LOCALES } from "../../emails/_components/locales.ts";

// The first step of `npm run emails`. The previewer lists files, so each email gets a file for each locale.

const EMAILS = fileURLToPath(new URL("../../emails/", import.meta.url));
const PREVIEWS = fileURLToPath(new URL("../../.data/emails/", import.meta.url));

rmSync(PREVIEWS, { recursive: true, force: true });
for (const { locale, dir } of LOCALES) {
  mkdirSync(`${PREVIEWS}${locale}`, { recursive: true });
  for (const file of readdirSync(EMAILS).filter((name) => name.endsWith(".tsx")))
    writeFileSync(`${PREVIEWS}${locale}/${file}`, previewOf(basename(file, ".tsx"), JSON.stringify({ locale, dir })));
}

function previewOf(email: string, locale: string): string {
  return `import Email from '../../../emails/${email}.tsx';
import { ReaderLocale } from '../../../emails/_components/reader-locale.ts';

export default function Preview(props) {
  return (
    <ReaderLocale.Provider value={${locale}}>
      <Email {...props} />
    </ReaderLocale.Provider>
  );
}

Preview.PreviewProps = Email.PreviewProps;
`;
}
