import { settingsPage } from './settings-page.ts';

/** The pages that are generated, by their files. */
export const generatedPages: Readonly<Record<string, () => string>> = {
  'docs/settings.md': settingsPage,
};
