import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runCommand } from '../broker/run-command.ts';
import { folderOf } from '../folder-of.ts';
import { spawnProcess } from '../spawn-process.ts';
import { blocksOf, pageCode, program, readPage } from './page-code.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pages = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`);
// Its code is a file of tests, which test/testing/docs.test.ts runs.
const ofTests = 'docs/testing.md';
const withCode = pages.filter(
  (path) => path !== ofTests && blocksOf(readPage(path)).some(({ language }) => language === 'ts'),
);

/** A project that holds these files, and has littoral and its libraries installed. */
function projectOf(files: Readonly<Record<string, string>>): string {
  const folder = folderOf({ 'package.json': '{ "type": "module" }', ...files });
  mkdirSync(join(folder, 'node_modules'));
  for (const name of ['typebox', 'awilix', '@types']) {
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  }
  symlinkSync(root, join(folder, 'node_modules', 'littoral'));
  return folder;
}

// One project of all pages, for most of the time goes into what they import. So no two may declare one service.
test('the code of all pages compiles', { timeout: 300_000 }, async () => {
  const code = withCode.flatMap((path) =>
    Object.entries(pageCode(readPage(path)).files).map(([name, text]) => [`${path}/${name}`, text] as const),
  );
  const files = Object.fromEntries(code);
  const compilerOptions = { noEmit: true, rootDir: '/' };
  const config = { extends: join(root, 'tsconfig.json'), compilerOptions, files: Object.keys(files), include: [] };
  const folder = projectOf({ ...files, 'tsconfig.json': JSON.stringify(config) });
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  expect(await runCommand(process.execPath, [tsc, '--project', folder], { timeoutMs: 240_000 })).toBe('');
});

test.each(withCode)('the code of %s does what the page shows', async (path) => {
  const { files, checked } = pageCode(readPage(path));
  const others = Object.keys(files).filter((name) => name !== program);
  const load = others.map((name) => `import './${name}';`).join('');
  // On the line of the page's title, so that all others keep their numbers.
  const first = `import { shows, throws } from '${new URL('results.ts', import.meta.url)}'; void [shows, throws];`;
  const folder = projectOf({ ...files, [program]: `${first}${checked}${load}process.exit(0);\n` });
  const tsx = new URL('../../node_modules/tsx/dist/esm/index.mjs', import.meta.url);
  const args = ['--conditions=littoral-src', `--import=${tsx}`, program];
  const { code, stderr } = await spawnProcess(process.execPath, args, { cwd: folder }).ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

test.each(pages)('the links of %s lead to what exists', (path) => {
  for (const [, target = ''] of readPage(path).matchAll(/\]\((?!https?:)([^)]+)\)/g)) {
    const [file = '', anchor] = target.split('#');
    const linked = file === '' ? join(root, path) : join(root, dirname(path), file);
    expect(existsSync(linked), target).toBe(true);
    if (anchor !== undefined) expect(anchorsOf(readFileSync(linked, 'utf8')), target).toContain(anchor);
  }
});

function anchorsOf(page: string): string[] {
  const headings = [...page.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
