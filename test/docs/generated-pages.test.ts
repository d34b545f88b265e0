import { describe, expect, test } from 'vitest';
import { generatedPages } from './generated-pages.ts';
import { readPage } from './page-code.ts';
import { settings } from './settings-page.ts';

test.each(Object.entries(generatedPages))('%s is up to date; npm run docs writes it', (file, page) => {
  expect(readPage(file)).toBe(page());
});

describe('the list of settings', () => {
  test('explains each setting', () => {
    expect(settings().filter(({ text }) => text === '')).toEqual([]);
  });

  test('contains settings of sections, lists and maps', () => {
    const paths = settings().map(({ path }) => path);
    for (const path of ['service', 'http.port', 'routes.events[].keys', 'routes.services.<name>.queue']) {
      expect(paths).toContain(path);
    }
  });
});
