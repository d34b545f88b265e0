import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadConfigFile } from '../../src/config/file.ts';
import { caught, everythingIn } from '../caught.ts';
import { folderOf } from '../folder-of.ts';

/** The path of a file with this content. */
function file(name: string, content: string): string {
  return join(folderOf({ [name]: content }), name);
}

describe('a configuration file', () => {
  test.each([
    ['littoral.config.json', '{ "service": "billing" }'],
    ['littoral.config.mjs', "export default { service: 'billing' };"],
    ['littoral.config.js', "module.exports = { service: 'billing' };"],
    ['littoral.config.cjs', "module.exports = { service: 'billing' };"],
    ['littoral.config.ts', "const service: string = 'billing';\nexport default { service } satisfies object;"],
    ['my settings (1).mjs', "export default { service: 'billing' };"],
  ])('may be %s', async (name, content) => {
    const path = file(name, content);
    expect(await loadConfigFile(path)).toEqual({ config: { service: 'billing' }, path });
  });

  test('may be a module as .js where its package says so', async () => {
    const folder = folderOf({
      'package.json': '{ "type": "module" }',
      'littoral.config.js': "export default { service: 'billing' };",
    });
    expect((await loadConfigFile(join(folder, 'littoral.config.js'))).config).toEqual({ service: 'billing' });
  });

  test('may import files beside it', async () => {
    const folder = folderOf({
      'service.mjs': "export const service = 'billing';",
      'littoral.config.mjs': "import { service } from './service.mjs';\nexport default { service };",
    });
    expect((await loadConfigFile(join(folder, 'littoral.config.mjs'))).config).toEqual({ service: 'billing' });
  });

  test('may take its time', async () => {
    const content = "await Promise.resolve();\nexport default { service: 'billing' };";
    expect((await loadConfigFile(file('littoral.config.mjs', content))).config).toEqual({ service: 'billing' });
  });
});

describe('without a path', () => {
  function from(folder: string): void {
    const before = process.cwd();
    process.chdir(folder);
    onTestFinished(() => process.chdir(before));
  }

  test('the first that exists in the working directory is taken: .ts, .js, .mjs, .json', async () => {
    const json = '{ "service": "of json" }';
    const folder = folderOf({ 'littoral.config.json': json });
    from(folder);
    expect(await loadConfigFile(undefined)).toEqual({
      config: { service: 'of json' },
      path: join(folder, 'littoral.config.json'),
    });
    writeFileSync(join(folder, 'littoral.config.mjs'), "export default { service: 'of mjs' };");
    expect((await loadConfigFile(undefined)).config).toEqual({ service: 'of mjs' });
  });

  test('none is needed', async () => {
    from(folderOf({}));
    expect(await loadConfigFile(undefined)).toEqual({ config: {}, path: undefined });
  });

  test('one in JSON may begin with a byte order mark', async () => {
    const folder = folderOf({ 'littoral.config.json': '\ufeff{ "service": "billing" }' });
    from(folder);
    expect((await loadConfigFile(undefined)).config).toEqual({ service: 'billing' });
  });

  test('a relative one is found from the working directory', async () => {
    const folder = folderOf({ 'other.json': '{ "service": "billing" }' });
    from(folder);
    expect(await loadConfigFile('other.json')).toMatchObject({ path: join(folder, 'other.json') });
  });
});

describe('a configuration file that cannot be used is named, with the reason', () => {
  test.each([
    ['that is not there', 'missing.ts', undefined, /does not exist\.$/],
    [
      'without a default export',
      'a.mjs',
      "export const service = 'billing';",
      /has no configuration; write export default/,
    ],
    ['without anything', 'a.mjs', '', /has no configuration; write export default/],
    ['that is a list', 'a.json', '[]', /has no configuration: it holds an array; write an object such as \{ "service"/],
    ['that is null', 'a.json', 'null', /has no configuration: it holds null; write an object/],
    [
      'that is a function',
      'a.mjs',
      'export default () => ({});',
      /has no configuration: its default export is a function; write export default defineConfig/,
    ],
    ['that throws', 'a.mjs', "throw new Error('of the file');", /cannot be loaded: of the file\.$/],
    [
      'that throws an error with a cause',
      'a.mjs',
      "throw new Error('no settings', { cause: new Error('connect ECONNREFUSED') });",
      /cannot be loaded: no settings; caused by connect ECONNREFUSED\.$/,
    ],
    ['that throws a text', 'a.mjs', "throw 'of the file';", /cannot be loaded: of the file\.$/],
    ['that throws nothing', 'a.mjs', 'throw undefined;', /cannot be loaded: undefined\.$/],
    ['that throws null', 'a.mjs', 'throw null;', /cannot be loaded: null\.$/],
    ['with a broken syntax', 'a.mjs', 'export default {', /cannot be loaded: ./],
    ['of TypeScript with a broken syntax', 'a.ts', 'export default { service: ;', /cannot be loaded: ./],
    ['with an import that is not there', 'a.mjs', "import '../nowhere.mjs';", /cannot be loaded: .*nowhere\.mjs/],
    [
      'of broken JSON',
      'a.json',
      '{ "service": }',
      /cannot be loaded: it is not JSON: a token that JSON does not have\.$/,
    ],
    [
      'of JSON that repeats a member',
      'a.json',
      '{"http":{"port":1,"port":2}}',
      /cannot be loaded: \/http\/port occurs twice\.$/,
    ],
    ['of no JSON', 'a.json', '', /cannot be loaded: it is not JSON: it ends too early\.$/],
    [
      'of an unknown kind',
      'a.yaml',
      'service: billing',
      /cannot be loaded: .*; write the configuration as \.ts, \.js, \.mjs or \.json\.$/,
    ],
  ])('%s', async (_, name, content, message) => {
    const path = content === undefined ? join(folderOf({}), name) : file(name, content);
    const error = await caught(() => loadConfigFile(path));
    expect(error.code).toBe('invalid-configuration');
    expect(error.message).toMatch(message);
    expect(error.message).toContain(path);
  });

  test('may not be a folder', async () => {
    const folder = folderOf({});
    mkdirSync(join(folder, 'littoral.config.ts'));
    const error = await caught(() => loadConfigFile(join(folder, 'littoral.config.ts')));
    expect(error).toMatchObject({
      code: 'invalid-configuration',
      message: expect.stringContaining('cannot be loaded'),
    });
  });

  test.each([
    ['a.json', '{ "broker": { "url": "amqp://user:hunter2@broker" }, }'],
    ['a.json', '{ "broker": { "url": amqp://user:hunter2@broker } }'],
    ['a.json', '"amqp://user:hunter2@broker'],
  ])('without its secrets: %s %s', async (name, content) => {
    const error = await caught(() => loadConfigFile(file(name, content)));
    expect(error.code).toBe('invalid-configuration');
    expect(everythingIn(error)).not.toContain('hunter2');
  });
});
