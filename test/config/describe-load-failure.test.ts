import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfigFile } from '../../src/config/file.ts';
import { loadHandlers } from '../../src/config/load-handlers.ts';
import { caught } from '../caught.ts';
import { folderOf } from '../folder-of.ts';

const missing = '\n\nexport const rate = undefined.rate;';

describe('a file that cannot be loaded', () => {
  test.each([
    ['a mistake in the file', { 'a.mjs': missing }, 'a.mjs', 'a.mjs:3'],
    ['a mistake in TypeScript', { 'a.ts': `type A = string;${missing}` }, 'a.ts', 'a.ts:3'],
    ['a mistake in a file that it imports', { 'a.mjs': "import './b.mjs';", 'b.mjs': missing }, 'a.mjs', 'b.mjs:3'],
    ['the same in TypeScript', { 'a.ts': "import './b.ts';", 'b.ts': missing }, 'a.ts', 'b.ts:3'],
    [
      'an error that another file throws on purpose',
      { 'a.mjs': "import './b.mjs';", 'b.mjs': "\nthrow new Error('no rates');" },
      'a.mjs',
      'b.mjs:2',
    ],
    ['a wrong call of a library', { 'a.mjs': "import { join } from 'node:path';\njoin(7);" }, 'a.mjs', 'a.mjs:2'],
    ['a broken syntax of TypeScript', { 'a.ts': 'export default {\n  service: ;' }, 'a.ts', 'a.ts:2'],
  ])('is described with the line of %s', async (_, files, name, place) => {
    const folder = folderOf(files as unknown as Record<string, string>);
    const line = join(folder, place);
    const { message } = await caught(() => loadConfigFile(join(folder, name)));
    expect(message).toContain(line);
    expect(message.split(line)).toHaveLength(2);
    const ofHandlers = await caught(() => loadHandlers(join(folder, name)));
    expect(ofHandlers.message).toContain(line);
  });

  test.each([
    ['an error that the file throws on purpose', "throw new Error('no rates');", 'no rates'],
    ['a thrown text', "throw 'no rates';", 'no rates'],
    ['an error whose stack is no stack', "throw Object.assign(new TypeError('no rates'), { stack: 7 });", 'no rates'],
    ['an error without a stack', "const e = new TypeError('no rates');\ndelete e.stack;\nthrow e;", 'no rates'],
  ])('is described by its message alone: %s', async (_, content, text) => {
    const path = join(folderOf({ 'a.mjs': content }), 'a.mjs');
    const { message } = await caught(() => loadConfigFile(path));
    expect(message).toBe(`The configuration file ${path} cannot be loaded: ${text}.`);
  });
});
