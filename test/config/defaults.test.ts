import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { defaults } from '../../src/config/defaults.ts';
import { defaultLimits } from '../../src/expression/expression-limits.ts';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');

/** The interface of each section, with the path of its settings. */
const interfaces = [
  ['src/config/config.ts', 'Config', ''],
  ['src/config/conversion-config.ts', 'ConversionConfig', ''],
  ['src/config/broker-config.ts', 'BrokerConfig', 'broker.'],
  ['src/config/application-config.ts', 'ApplicationConfig', 'application.'],
  ['src/config/application-config.ts', 'HealthConfig', 'application.health.'],
  ['src/config/http-config.ts', 'HttpConfig', 'http.'],
  ['src/config/metrics-config.ts', 'MetricsConfig', 'metrics.'],
  ['src/config/unhandled-config.ts', 'UnhandledConfig', 'unhandled.'],
  ['src/config/deduplication-config.ts', 'DeduplicationConfig', 'deduplication.'],
  ['src/handler/retries.ts', 'Retries', 'retries.'],
  ['src/handler/retries.ts', 'InstantRetries', 'retries.instant.'],
] as const;

const documented = new Map(interfaces.flatMap(([path, name, prefix]) => [...docstringsOf(read(path), name, prefix)]));
const values = new Map(leavesOf(defaults));

/** Returns each setting of an interface with its docstring in one line. */
function docstringsOf(source: string, name: string, prefix: string): [path: string, text: string][] {
  const [, body = ''] =
    new RegExp(`^export interface ${name} [^\\n]*\\{\\n([\\s\\S]*?)\\n\\}$`, 'm').exec(source) ?? [];
  const members = body.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n {2}(?:readonly )?(\w+)\?:/g);
  return Array.from(members, ([, text = '', member]) => [`${prefix}${member}`, text.replaceAll(/\s+(?:\* )?/g, ' ')]);
}

/** Returns each value in a tree of settings, with its path. An object without settings is a value. */
function leavesOf(tree: object, prefix = ''): [path: string, value: unknown][] {
  return Object.entries(tree).flatMap(([name, value]: [string, unknown]) => {
    const isSection = typeof value === 'object' && value !== null && Object.keys(value).length > 0;
    return isSection ? leavesOf(value, `${prefix}${name}.`) : [[`${prefix}${name}`, value]];
  });
}

/** Returns each way in which a docstring or a page may write a default. */
function spellings(value: unknown): string[] {
  if (typeof value === 'object' || value === '') return ['none'];
  if (typeof value !== 'number') return [String(value)];
  const units = { s: 1_000, min: 60_000, hour: 3_600_000, MiB: 1_048_576 };
  const inUnits = Object.entries(units).map(([unit, size]) => `${value / size} ${unit}`);
  return [String(value), value.toLocaleString('en'), ...inUnits];
}

/** Returns whether a text begins with a value, alone or with a condition behind it. */
function states(text: string, value: unknown): boolean {
  const plain = text.trim().replaceAll('`', '');
  return spellings(value).some(
    (spelling) =>
      plain.startsWith(spelling) && !/^(?:\w|[.,]\d| (?:s|min|hour|MiB)\b)/.test(plain.slice(spelling.length)),
  );
}

/** Returns whether a text begins with a number or a truth value. */
function namesValue(text: string): boolean {
  return /^`?(?:\d|true\b|false\b)/i.test(text.trim());
}

/** Returns the first two cells of each row of the tables with a column of defaults. */
function defaultsIn(page: string): [name: string, text: string][] {
  const tables = page.matchAll(/^\|[^|\n]*\| default +\|.*\n\|[ |-]+\n((?:\|.*\n?)*)/gm);
  return [...tables].flatMap(([, rows = '']) =>
    rows
      .trim()
      .split('\n')
      .map((row): [string, string] => {
        const [, name = '', text = ''] = row.split('|');
        return [name.trim().replaceAll('`', ''), text.trim()];
      }),
  );
}

describe('the default of a setting', () => {
  test.each([...values])('is stated by its docstring: %s', (path, value) => {
    const [, text] = documented.get(path)?.split('Default: ') ?? [];
    expect(text, `${String(value)} in the docstring of ${path}: ${documented.get(path)}`).toSatisfy((found: string) =>
      states(found, value),
    );
  });

  test('stands in one place, so that no docstring names another', () => {
    const others = [...documented].filter(([path]) => !values.has(path));
    expect(others.filter(([, text]) => namesValue(text.split('Default: ')[1] ?? ''))).toEqual([]);
    expect(documented.size).toBeGreaterThan(values.size);
  });

  const prefixes: Readonly<Record<string, string>> = { 'deduplication.md': 'deduplication.', 'retries.md': 'retries.' };
  const rows = readdirSync(new URL('docs', root))
    .filter((name) => name.endsWith('.md') && name !== 'expressions.md')
    .flatMap((page) => defaultsIn(read(`docs/${page}`)).map(([name, text]) => [page, name, text] as const));

  test.each(rows)('is stated by docs/%s: %s is %s', (page, name, text) => {
    const path = values.has(name) ? name : `${prefixes[page] ?? ''}${name}`;
    if (values.has(path)) expect(states(text, values.get(path))).toBe(true);
    else expect(namesValue(text) && /^[a-z]/.test(name)).toBe(false);
  });

  test('is stated by enough tables', () => {
    expect(rows.length).toBeGreaterThan(30);
  });

  test('is stated by the docs for the limits of expressions', () => {
    const limits = defaultsIn(read('docs/expressions.md'));
    expect(Object.fromEntries(limits.map(([name, text]) => [name, Number(text)]))).toMatchObject(defaultLimits);
    const docstrings = docstringsOf(read('src/expression/expression-limits.ts'), 'ExpressionLimits', '');
    const stated = docstrings.map(([name, text]) => [name, Number(/Default (\d+)/.exec(text)?.[1])]);
    expect(Object.fromEntries(stated)).toEqual(defaultLimits);
  });
});
