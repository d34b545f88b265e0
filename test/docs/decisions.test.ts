import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readPage } from './page-code.ts';

const folder = 'docs/decisions';
const names = readdirSync(fileURLToPath(new URL(`../../${folder}`, import.meta.url)))
  .filter((name) => name !== 'README.md')
  .sort();
const rows = readPage(`${folder}/README.md`)
  .split('\n')
  .filter((line) => /^\| \[/.test(line));

/** A version of a broker, of Node or of a library. */
const version = /\b(RabbitMQ|Node|Ecotone|TypeBox|JSONata|awilix) \d|\b[34]\.\d+\.\d+\b/;

const sections = ['Context', 'Decision', 'Rejected', 'Consequences'];

function headingsOf(page: string): string[] {
  return [...page.matchAll(/(?<=\n\n)## (.*)(?=\n\n)/g)].map(([, heading = '']) => heading);
}

/** Returns the text of a section; undefined if the page has none of that name. */
function sectionOf(page: string, heading: string): string | undefined {
  return page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0];
}

describe('the decisions', () => {
  test('are numbered without a gap, and named by the decision', () => {
    const numbers = names.map((name) => Number(/^(\d{4})-[a-z0-9]+(?:-[a-z0-9]+)*\.md$/.exec(name)?.[1]));
    expect(numbers).toEqual(names.map((_, index) => index + 1));
  });

  test('stand in the table of the index, in their order and in one sentence each', () => {
    const cells = rows.map((row) => /^\| \[(\d{4})\]\((.*)\) \| (.*) \|$/.exec(row)?.slice(1) ?? []);
    expect(cells.map(([number, name]) => [number, name])).toEqual(names.map((name) => [name.slice(0, 4), name]));
    for (const [number, , sentence] of cells) expect(sentence, number).toMatch(/^(?:(?!\. ).)+\.$/);
  });

  test('are linked by the architecture, the twelve that explain most of it and the index', () => {
    const section = sectionOf(readPage('src/ARCHITECTURE.md'), 'Decisions') ?? '';
    const links = [...section.matchAll(/\]\(\.\.\/docs\/decisions\/([^)]+)\)/g)].map(([, name]) => name);
    expect([...names, 'README.md']).toEqual(expect.arrayContaining(links));
    expect(links).toContain('README.md');
    expect(section.match(/^- /gm)?.length).toBeLessThanOrEqual(12);
  });
});

describe.each(names)('the decision %s', (name) => {
  const page = readPage(`${folder}/${name}`);

  test('has its number in its title', () => {
    expect(page).toMatch(new RegExp(`^# ${Number(name.slice(0, 4))}\\. [^\\n]+[^.\\n]\\n\\n## `));
  });

  test('has all sections, none of them empty', () => {
    const headings = headingsOf(page);
    expect(headings.filter((heading) => heading !== 'Measured')).toEqual(sections);
    for (const heading of headings) expect(sectionOf(page, heading)?.trim(), heading).toMatch(/./);
  });

  test('gives a reason for each rejected alternative', () => {
    const items = sectionOf(page, 'Rejected')?.trim().split(/^- /m).slice(1) ?? [];
    expect(items).not.toEqual([]);
    for (const item of items) expect(item).toMatch(/^\*\*[^*]+\*\*[^*]+\.\s*$/);
  });

  test('names concepts rather than source files, which move', () => {
    expect(page).not.toMatch(/\b(src|test|routes)\/|\.ts\b/);
  });
});

const measured = names.filter((name) => sectionOf(readPage(`${folder}/${name}`), 'Measured') !== undefined);

describe('a measurement', () => {
  test.each(measured)('has the version of what was measured: %s', (name) => {
    expect(sectionOf(readPage(`${folder}/${name}`), 'Measured')).toMatch(version);
  });
});
