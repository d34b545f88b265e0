import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { longFiles, longFirst } from './long-files-first.ts';

test('starts the long files, the longest first, and then the others in their order', () => {
  const files = ['test/b.test.ts', longFiles[1], 'test/a.test.ts', longFiles[0], 'test/c.test.ts'];
  const sorted = longFirst(files.map((name) => ({ moduleId: `/folder/${name}` })));
  const expected = [longFiles[0], longFiles[1], 'test/b.test.ts', 'test/a.test.ts', 'test/c.test.ts'];
  expect(sorted.map(({ moduleId }) => moduleId)).toEqual(expected.map((name) => `/folder/${name}`));
});

test.each(longFiles)('finds the long file %s', (name) => {
  expect(existsSync(new URL(`../${name}`, import.meta.url))).toBe(true);
});
