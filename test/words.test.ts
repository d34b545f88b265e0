import { readFileSync } from 'node:fs';
import { globSync } from 'tinyglobby';
import { describe, expect, test } from 'vitest';

/** Words of speech that a comment or a page replaces by the actor and the field's verb. */
const vague = [
  'hear of',
  'hears of',
  'heard of',
  'hand over',
  'hands over',
  'for ever',
  'nobody',
  'whoever',
  'somebody',
];

const root = new URL('..', import.meta.url).pathname;
const read = (path: string) => readFileSync(`${root}${path}`, 'utf8');
const sources = globSync(['src/**/*.ts', 'routes/*.ts', 'examples/**/*.ts'], { cwd: root });
const tests = globSync('test/**/*.ts', { cwd: root });
const pages = globSync(['docs/**/*.md', 'README.md'], { cwd: root });

/** Returns each comment of a source. */
function commentsIn(source: string): string[] {
  return source.match(/\/\*\*[\s\S]*?\*\/|(?<=^|\s)\/\/ .*/g) ?? [];
}

/** Returns each title of a `describe` or a `test` that stands as a plain text in a source. */
function titlesIn(source: string): string[] {
  const call = /^[ \t]*(?:(?:describe|test)\b[^\n]*?|\][^\n]*?\))\(\s*(['"`])(.+?)\1,/gm;
  return [...source.matchAll(call)].map(([, , title = '']) => title);
}

/** Returns each vague word in a text. */
function vagueIn(text: string): string[] {
  return vague.filter((words) => new RegExp(`\\b${words}\\b`, 'i').test(text.replaceAll(/\s+(?:\* )?/g, ' ')));
}

describe('the words of the project', () => {
  test('were read', () => {
    expect(sources.length).toBeGreaterThan(150);
    expect(pages.length).toBeGreaterThan(20);
    expect(tests.flatMap((path) => titlesIn(read(path))).length).toBeGreaterThan(1_000);
    expect(vagueIn('/** Waits for\n * ever. */')).toEqual(['for ever']);
  });

  test('begin no title with a conjunction or a preposition', () => {
    const wrong = tests.flatMap((path) =>
      titlesIn(read(path))
        .filter((title) => /^(?:and|or|but|that|for|with)\b/.test(title))
        .map((title) => `${path}: ${title}`),
    );
    expect(wrong).toEqual([]);
  });

  test.each(sources)('name the actor in the comments of %s', (path) => {
    expect(commentsIn(read(path)).flatMap(vagueIn)).toEqual([]);
  });

  test.each(pages)('name the actor on the page %s', (path) => {
    const prose = read(path)
      .replaceAll(/^```[\s\S]*?^```/gm, '')
      .replaceAll(/`[^`\n]*`/g, '');
    expect(vagueIn(prose)).toEqual([]);
  });
});
