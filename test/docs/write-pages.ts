import { writeFileSync } from 'node:fs';
import { generatedPages } from './generated-pages.ts';

// Writes the generated pages of docs/: npm run docs

for (const [file, page] of Object.entries(generatedPages)) {
  writeFileSync(new URL(`../../${file}`, import.meta.url), await page());
}
