import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { loadHandlers } from '../../src/config/load-handlers.ts';
import { createGateway } from '../../src/gateway/gateway.ts';
import { defineCommandHandler } from '../../src/handler/define-handler.ts';
import { caught } from '../caught.ts';
import { folderOf } from '../folder-of.ts';
import { quiet } from '../http/gateway-fixture.ts';

/** A module that exports command handlers by these names. */
function handlersFile(...names: readonly string[]): string {
  const define = "import { defineCommandHandler } from 'littoral';\n";
  const lines = names.map(
    (name) => `export const ${name} = defineCommandHandler({ routingKey: '${name}', handle() {} });\n`,
  );
  return define + lines.join('');
}

/** The routing keys of what is found from that folder. */
async function keysFrom(folder: string, handlers: Config['handlers']): Promise<string[]> {
  const found = await loadHandlers(handlers, { baseUrl: pathToFileURL(`${folder}/`) });
  return found.map(({ routingKey }) => routingKey);
}

const listed = defineCommandHandler({ routingKey: 'listed', handle() {} });

describe('handlers are found in the files that a pattern matches', () => {
  test('in .ts, .js and .mjs, by the paths of the files', async () => {
    const folder = folderOf({
      'package.json': '{ "type": "module" }',
      'handlers/b.ts': `${handlersFile('b')}type Nothing = never;\nexport type { Nothing };`,
      'handlers/a/a.js': handlersFile('a1', 'a2'),
      'handlers/c.mjs': handlersFile('c'),
      'other/d.ts': handlersFile('d'),
    });
    expect(await keysFrom(folder, './handlers/**/*.{ts,js,mjs}')).toEqual(['a1', 'a2', 'b', 'c']);
    expect(await keysFrom(folder, 'handlers/*.ts')).toEqual(['b']);
    expect(await keysFrom(folder, './other/d.ts')).toEqual(['d']);
    expect(await keysFrom(folder, join(folder, 'other', '*.ts'))).toEqual(['d']);
    expect(await keysFrom(join(folder, 'other'), '../handlers/*.mjs')).toEqual(['c']);
  });

  test('under any name, also as the default and in a list; what else is exported is ignored', async () => {
    const folder = folderOf({
      'a.mjs': `
        import { defineCommandHandler } from 'littoral';
        const define = (routingKey) => defineCommandHandler({ routingKey, handle() {} });
        export default define('as the default');
        export const list = [define('in a list'), 7, null, [define('too deep')]];
        export const nothing = null, text = 'text', settings = { handler: define('in an object') };
        export function handle() {}
      `,
      'b.cjs': "exports.none = 1; exports.b = require('./c.cjs').define('of CommonJS');",
      'c.cjs': `
        exports.define = (routingKey) => ({
          [Symbol.for('littoral.handler')]: 'command', routingKey, endpointId: routingKey, distributed: false, handle() {},
        });
      `,
    });
    expect(await keysFrom(folder, './*.{mjs,cjs}')).toEqual(['as the default', 'in a list', 'of CommonJS']);
  });

  test('each once, also one that is exported twice, by two files, found twice, or listed as well', async () => {
    const folder = folderOf({
      'a.mjs': `${handlersFile('a')}export { a as again };\nexport default [a];`,
      'b.mjs': "export * from './a.mjs';",
    });
    expect(await keysFrom(folder, ['./*.mjs', './a.mjs', './b.mjs'])).toEqual(['a']);
    const [a] = await loadHandlers('./a.mjs', { baseUrl: pathToFileURL(`${folder}/`) });
    expect(await keysFrom(folder, [listed, './a.mjs', a as never])).toEqual(['listed', 'a']);
  });

  test('in the place of the pattern, between those that are listed', async () => {
    const folder = folderOf({ 'a.mjs': handlersFile('a'), 'b.mjs': handlersFile('b') });
    expect(await keysFrom(folder, ['./b.mjs', listed, './a.mjs'])).toEqual(['b', 'listed', 'a']);
  });

  test('are not found in files that a pattern with ! excludes', async () => {
    const folder = folderOf({ 'a.ts': handlersFile('a'), 'a.test.ts': "throw new Error('of a test');" });
    expect(await keysFrom(folder, ['./*.ts', '!./*.test.ts'])).toEqual(['a']);
  });

  test('nor in packages that are installed there', async () => {
    const folder = folderOf({ 'a.mjs': handlersFile('a'), 'node_modules/b/b.mjs': handlersFile('b') });
    expect(await keysFrom(folder, './**/*.mjs')).toEqual(['a']);
  });

  test('relative to a module or to the working directory', async () => {
    const folder = folderOf({ 'handlers/a.mjs': handlersFile('a') });
    const ofModule = await loadHandlers('./handlers/*', { baseUrl: pathToFileURL(join(folder, 'main.ts')).href });
    expect(ofModule).toHaveLength(1);
    const before = process.cwd();
    process.chdir(folder);
    onTestFinished(() => process.chdir(before));
    expect(await loadHandlers('./handlers/*')).toEqual(ofModule);
  });

  test('in a folder whose name would be a pattern', async () => {
    const folder = folderOf({ '[a] (1)/a.mjs': handlersFile('a') });
    expect(await keysFrom(join(folder, '[a] (1)'), './*.mjs')).toEqual(['a']);
  });
});

describe('a pattern that ends in .ts', () => {
  test('matches what was built where the sources are not, without its declarations', async () => {
    const folder = folderOf({
      'package.json': '{ "type": "module" }',
      'handlers/a.js': handlersFile('a'),
      'handlers/a.d.ts': 'export declare const a: unknown;',
      'handlers/b.mjs': handlersFile('b'),
    });
    expect(await keysFrom(folder, './handlers/*.ts')).toEqual(['a']);
    expect(await keysFrom(folder, './handlers/*.mts')).toEqual(['b']);
  });

  test('matches a source alone where what was built stands beside it', async () => {
    const folder = folderOf({
      'package.json': '{ "type": "module" }',
      'a.ts': handlersFile('ofSource'),
      'a.js': handlersFile('ofBuilt'),
      'b.js': handlersFile('b'),
    });
    expect(await keysFrom(folder, './*.ts')).toEqual(['ofSource', 'b']);
    expect(await keysFrom(folder, './*.{ts,js}')).toEqual(['ofSource', 'b']);
    expect(await keysFrom(folder, ['./*.ts', '!./b.ts'])).toEqual(['ofSource']);
  });
});

test('files share the modules that they import', async () => {
  const file = (name: string) =>
    `import { defineCommandHandler } from 'littoral';\nimport { dateFormat } from './formats/date-format.ts';\n` +
    `export const ${name} = defineCommandHandler({ routingKey: '${name}', handle: (): object => dateFormat });`;
  const folder = folderOf({
    'formats/date-format.ts': 'export const dateFormat: object = {};',
    'a.ts': file('a'),
    'b.ts': file('b'),
  });
  const [a, b] = await loadHandlers('./*.ts', { baseUrl: pathToFileURL(`${folder}/`) });
  expect(a?.handle()).toEqual({});
  expect(a?.handle()).toBe(b?.handle());
});

test('a list without patterns stays as it is, and what is no list is left to the check of the configuration', async () => {
  expect(await loadHandlers([listed, listed])).toEqual([listed, listed]);
  expect(await loadHandlers([[listed]] as never)).toEqual([[listed]]);
  expect(await loadHandlers(undefined)).toEqual([]);
  expect(await loadHandlers(7 as never)).toBe(7);
});

describe('what is wrong with the files is reported together', () => {
  test('each with its path and cause', async () => {
    const folder = folderOf({
      'good.mjs': handlersFile('good'),
      'throws.mjs': "throw new Error('no database');",
      'nothing.mjs': 'throw null;',
      'broken.ts': 'export const = 1;',
      'imports.mjs': "import '../nowhere.mjs';",
    });
    const error = await caught(() => keysFrom(folder, ['./*.{mjs,ts}', './misspelt/**/*.ts']));
    expect(error.code).toBe('invalid-handlers');
    const lines = error.message.split('\n- ');
    expect(lines).toEqual([
      'The handlers cannot be loaded:',
      expect.stringContaining(`${join(folder, 'broken.ts')} cannot be loaded: `),
      expect.stringMatching(/imports\.mjs cannot be loaded: .*nowhere\.mjs/),
      `${join(folder, 'nothing.mjs')} cannot be loaded: null`,
      `${join(folder, 'throws.mjs')} cannot be loaded: no database`,
      `'./misspelt/**/*.ts' matches no file in ${folder}/`,
    ]);
    expect((error.cause as AggregateError).errors).toContainEqual(new Error('no database'));
  });

  test('a single cause is the cause', async () => {
    const folder = folderOf({ 'throws.mjs': "throw new Error('no database');" });
    expect((await caught(() => keysFrom(folder, './*'))).cause).toEqual(new Error('no database'));
  });

  test.each([
    ['a file', { 'a.mjs': 'export const a = 1;' }, 'a.mjs, without an export that defineCommandHandler'],
    ['files', { 'a.mjs': '', 'b.mjs': 'export default {};' }, '2 files in '],
  ])('a pattern that finds no handler in %s is named', async (_, files, message) => {
    const error = await caught(() => keysFrom(folderOf(files as never), './*.mjs'));
    expect(error.message).toContain("'./*.mjs' matches ");
    expect(error.message).toContain(message);
  });

  test.each(['', './*.yaml', '/nowhere/**'])('a pattern that matches nothing is named: %o', async (pattern) => {
    const error = await caught(() => keysFrom(folderOf({ 'a.mjs': '' }), [pattern]));
    expect(error).toMatchObject({
      code: 'invalid-handlers',
      message: expect.stringContaining(`'${pattern}' matches no`),
    });
  });

  test.each(['https://example.org/', 'handlers', ''])(
    'a base URL that leads to no file is refused: %o',
    async (baseUrl) => {
      const error = await caught(() => loadHandlers('./*.ts', { baseUrl }));
      expect(error).toMatchObject({
        code: 'invalid-configuration',
        message: expect.stringContaining('import.meta.url'),
      });
    },
  );
});

test.each(['./handlers/*.ts', ['./handlers/*.ts']])(
  'a gateway that is given a pattern names the function that finds its files: %o',
  async (handlers) => {
    const error = await caught(async () => createGateway({ service: 'shop', handlers }, quiet));
    expect(error.code).toBe('invalid-configuration');
    expect(error.message).toContain("handlers: './handlers/*.ts' is a pattern of files");
    expect(error.message).toContain('await loadHandlers(config.handlers');
  },
);

test.each([7, null, {}])('a gateway that is given %o for its handlers says what it can be given', async (handlers) => {
  const error = await caught(() => createGateway({ service: 'shop', handlers: handlers as never }, quiet));
  expect(error.message).toMatch(/handlers: is .*, not a list or a pattern of files/);
});
