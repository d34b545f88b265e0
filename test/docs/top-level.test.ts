import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readPage } from './page-code.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { scripts, version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
const pages = ['SECURITY.md', 'CONTRIBUTING.md', 'examples/kubernetes/README.md'];

describe('the pages at the top level', () => {
  test.each(pages)('have links that lead to what exists: %s', (path) => {
    const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/') + 1) : '';
    const targets = [...readPage(path).matchAll(/\]\((?!https?:)([^)#]+)(?:#([^)]+))?\)/g)];
    expect(targets.length).toBeGreaterThan(0);
    for (const [, file = '', anchor] of targets) {
      expect(existsSync(`${root}${folder}${file}`), file).toBe(true);
      if (anchor === undefined) continue;
      const titles = [...readFileSync(`${root}${folder}${file}`, 'utf8').matchAll(/^#+ (.*)$/gm)].map(
        ([, title = '']) =>
          title
            .toLowerCase()
            .replace(/[^a-z0-9 -]/g, '')
            .replaceAll(' ', '-'),
      );
      expect(titles).toContain(anchor);
    }
  });

  test('name commands that exist', () => {
    const named = [...readPage('CONTRIBUTING.md').matchAll(/npm (?:run )?([a-z0-9:]+)/g)].map(([, name = '']) => name);
    expect(named.length).toBeGreaterThan(5);
    for (const name of named) if (name !== 'ci') expect(scripts).toHaveProperty([name]);
  });
});

describe('the changelog', () => {
  const page = readPage('CHANGELOG.md');

  test('has the form of Keep a Changelog', () => {
    expect(page).toMatch(/^# Changelog\n/);
    const versions = [...page.matchAll(/^## (.*)$/gm)].map(([, title]) => title);
    expect(versions[0]).toBe('[Unreleased]');
    for (const title of versions.slice(1)) expect(title).toMatch(/^\[\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2}$/);
    const kinds = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security'];
    for (const [, title] of page.matchAll(/^### (.*)$/gm)) expect(kinds).toContain(title);
  });

  test('names the supported version as the policy does', () => {
    expect(readPage('SECURITY.md')).toContain(`| ${version.split('.').slice(0, 2).join('.')} | supported |`);
  });
});
