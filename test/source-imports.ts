import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One file that imports another, or a library. */
export interface Import {
  /** Relative to the folder of the project: `src/bus/command-bus.ts`. */
  readonly from: string;
  /** The same for a file of the project, else the name of the library without a path: `typebox`. */
  readonly to: string;
  /** Whether nothing is left of it at run time. */
  readonly typeOnly: boolean;
}

const project = fileURLToPath(new URL('../', import.meta.url));

/** The TypeScript files below some folders of the project. */
export function sourceFiles(...folders: readonly string[]): string[] {
  return folders.flatMap((folder) => {
    const names = readdirSync(posix.join(project, folder), { recursive: true, encoding: 'utf8' });
    return names.filter((name) => name.endsWith('.ts')).map((name) => posix.join(folder, name));
  });
}

/** All that these files import. */
export function importsOf(files: readonly string[]): Import[] {
  return files.flatMap((file) => importsIn(readFileSync(posix.join(project, file), 'utf8'), file));
}

const comment = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm;
const statement = /^(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)'/gm;
const call = /\b(?:import|require)\(\s*'([^']+)'\s*\)/g;

/** All that a source text imports, by statements and by calls. */
export function importsIn(source: string, file: string): Import[] {
  const code = source.replace(comment, '');
  const statements = [...code.matchAll(statement)].map(([, type, name = '']) => ({
    name,
    typeOnly: type !== undefined,
  }));
  const calls = [...code.matchAll(call)].map(([, name = '']) => ({ name, typeOnly: false }));
  return [...statements, ...calls].map(({ name, typeOnly }) => ({ from: file, to: resolved(name, file), typeOnly }));
}

function resolved(name: string, file: string): string {
  return name.startsWith('.') ? posix.join(posix.dirname(file), name) : name;
}
