import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../broker/run-command.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { resolve } = createRequire(import.meta.url);

/** The compilers that users have. One thread, because the checkers of TypeScript 7 count what they share more than once. */
export const compilers = [
  { version: '7', file: tscOf(resolve('typescript/package.json')), options: ['--singleThreaded'] },
  { version: '5.9', file: tscOf(resolve('typescript59/package.json')), options: [] },
] as const;

function tscOf(packageFile: string): string {
  return join(dirname(packageFile), 'bin', 'tsc');
}

/** A project that compiles against the declarations of littoral, as they would be published. */
export interface UserProject extends AsyncDisposable {
  readonly folder: string;
}

/** Emits the declarations, without checking the sources, into a new project. */
export async function createUserProject(): Promise<UserProject> {
  const folder = await mkdtemp(join(tmpdir(), 'littoral-types-'));
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  const options = ['--noCheck', '--emitDeclarationOnly', '--outDir', join(folder, 'littoral')];
  const [{ file }] = compilers;
  await runCommand(process.execPath, [file, '--project', join(root, 'tsconfig.build.json'), ...options], {
    timeoutMs: 240_000,
  });
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

/** What a compiler reports for some files. */
export interface Compilation {
  /** The errors of each file, without their positions. */
  readonly errors: Readonly<Record<string, readonly string[]>>;
  readonly instantiations: number;
}

/**
 * Compiles files in one process.
 *
 * @param sources the text of each file by its name
 */
export async function compileAsUser(
  { folder }: UserProject,
  { file, options, version }: (typeof compilers)[number],
  sources: Readonly<Record<string, string>>,
): Promise<Compilation> {
  const cwd = await mkdtemp(join(folder, `project-${version}-`));
  const names = Object.keys(sources).map((name) => `${name}.ts`);
  await Promise.all(Object.entries(sources).map(([name, text]) => writeFile(join(cwd, `${name}.ts`), text)));
  const compilerOptions = {
    noEmit: true,
    strict: true,
    target: 'ES2023',
    lib: ['ES2023'],
    types: ['node'],
    module: 'NodeNext',
    skipLibCheck: true,
    pretty: false,
    paths: { littoral: ['../littoral/src/index.d.ts'] },
  };
  await writeFile(join(cwd, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: names }));
  const args = [file, '--project', cwd, '--extendedDiagnostics', ...options];
  const stdout = await outputOf(process.execPath, args, cwd);
  const instantiations = Number(/^Instantiations: +(\d+)$/m.exec(stdout)?.[1]);
  return { errors: errorsByFile(stdout), instantiations };
}

/** Returns what a command prints, even if it fails: a compiler fails where there are errors. */
function outputOf(command: string, args: readonly string[], cwd: string): Promise<string> {
  return new Promise((resolve) => execFile(command, args, { cwd }, (_, stdout) => resolve(stdout)));
}

/** An error is a line `name.ts(1,2): error TS1: …`, and those below it that are indented. */
function errorsByFile(output: string): Record<string, string[]> {
  const errors: Record<string, string[]> = {};
  for (const [, name, text] of output.matchAll(/^(.+)\.ts\(\d+,\d+\): error TS\d+: (.*(?:\n {2}.*)*)/gm)) {
    errors[name as string] = [...(errors[name as string] ?? []), text as string];
  }
  return errors;
}
