import { httpPage } from './http-page.ts';
import { monitoringPage } from './log-events.ts';
import { settingsPage } from './settings-page.ts';

/** The pages that are generated, by their files. */
export const generatedPages: Readonly<Record<string, () => string | Promise<string>>> = {
  'docs/http.md': httpPage,
  'docs/monitoring.md': monitoringPage,
  'docs/settings.md': settingsPage,
};
