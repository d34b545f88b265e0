import { describe, expect, onTestFinished, test } from 'vitest';
import { type ErrorCode, errorTable } from '../../src/errors.ts';
import { createGateway } from '../../src/gateway/gateway.ts';
import { errorRemedies } from './error-remedies.ts';
import { generatedPages } from './generated-pages.ts';
import { answerHeaders } from './http-page.ts';
import { readPage } from './page-code.ts';
import { settings } from './settings-page.ts';

test.each(Object.entries(generatedPages))('%s is up to date; npm run docs writes it', async (file, page) => {
  expect(readPage(file)).toBe(await page());
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

test('the text of each setting for a file of secrets or certificates contains when the file is read again', () => {
  const files = settings().filter(({ path }) => /(?:File|\.file)$/.test(path));
  expect(files.length).toBeGreaterThan(12);
  const silent = files.filter(({ text }) => !/Read (?:again when it changes|for each connection)\./.test(text));
  expect(silent.map(({ path }) => path)).toEqual([]);
});

describe('the page about HTTP', () => {
  test('says what to do about each error', () => {
    const codes = Object.keys(errorTable) as ErrorCode[];
    expect(codes.filter((code) => errorRemedies[code] === undefined)).toEqual([]);
  });

  test('lists each header of an answer', async () => {
    const { app } = createGateway(
      { service: 'billing', channel: 'in-memory', logLevel: 'silent' },
      { environment: {} },
    );
    onTestFinished(() => app.close());
    const ofHttp = new Set(['connection', 'content-length', 'content-type', 'date']);
    const requests = [
      { method: 'GET', url: '/livez' },
      { method: 'GET', url: '/docs' },
      { method: 'GET', url: '/nowhere' },
      { method: 'PUT', url: '/events/order.placed' },
      { method: 'POST', url: '/events/order.placed', payload: {} },
      { method: 'POST', url: '/events/order.*', payload: {} },
      { method: 'GET', url: '/dead-letters' },
    ] as const;
    for (const request of requests) {
      const { headers } = await app.inject(request);
      const unlisted = Object.keys(headers).filter((name) => !ofHttp.has(name) && !(name in answerHeaders));
      expect(unlisted, `${request.method} ${request.url}`).toEqual([]);
    }
  });
});
