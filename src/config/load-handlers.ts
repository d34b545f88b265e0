import { fileURLToPath } from 'node:url';
import { LittoralError } from '../errors.ts';
import { type HandlerDefinition, isHandlerDefinition } from '../handler/handler-definition.ts';
import type { Config } from './config.ts';
import { describeLoadFailure } from './describe-load-failure.ts';
import { importModule } from './import-module.ts';

/** Options of `loadHandlers`. */
export interface LoadHandlersOptions {
  /**
   * The base of relative patterns. The URL of a module, such as `import.meta.url`, means the module's folder; the URL
   * of a folder ends in a slash. Default: the working directory.
   */
  readonly baseUrl?: string | URL | undefined;
}

/**
 * Finds handlers in files.
 *
 * Takes from every matching file the exports that `defineCommandHandler` and `defineEventHandler` made, under any name,
 * also those in an exported list; other exports are ignored. A handler that is exported twice is taken once. `*` and
 * `**` match names as in a shell; a pattern that begins with `!` excludes files from all other patterns. A pattern that
 * ends in `.ts` also matches the `.js` that was built from it, if the `.ts` does not exist.
 *
 * @param handlers as in the configuration: a pattern, or a list of definitions and patterns
 * @returns the definitions of the list; those of a pattern take its place, in the order of their files' paths
 * @throws LittoralError `invalid-handlers` with every issue: a file that cannot be imported, with its path and cause; a
 * pattern that matches no file, or whose files export no handler; `invalid-configuration` when `baseUrl` is not the URL
 * of a file
 */
export async function loadHandlers(
  handlers: Config['handlers'],
  { baseUrl }: LoadHandlersOptions = {},
): Promise<readonly HandlerDefinition[]> {
  // The check of the configuration reports every other value.
  if (typeof handlers !== 'string' && !Array.isArray(handlers)) return (handlers ?? []) as readonly HandlerDefinition[];
  const list: readonly (HandlerDefinition | string)[] = [handlers].flat();
  const patterns = list.filter((item) => typeof item === 'string');
  const search = { folder: folderOf(baseUrl), ignore: patterns.filter(isNegation).map((pattern) => pattern.slice(1)) };
  const loader = new HandlerLoader();
  const found: HandlerDefinition[] = [];
  const taken = new Set(list);
  for (const item of list) {
    if (typeof item !== 'string') {
      found.push(item);
    } else if (!isNegation(item)) {
      const fresh = (await loader.load(item, search)).filter((definition) => !taken.has(definition));
      for (const definition of fresh) taken.add(definition);
      found.push(...fresh);
    }
  }
  loader.throwIssues();
  return found;
}

interface Search {
  readonly folder: string;
  readonly ignore: readonly string[];
}

/** Imports every file once, one after the other, and collects the issues. */
class HandlerLoader {
  readonly #issues: string[] = [];
  readonly #causes: unknown[] = [];
  readonly #files = new Map<string, readonly HandlerDefinition[] | undefined>();

  /** Returns the handlers in the files that a pattern matches, each once. */
  async load(pattern: string, search: Search): Promise<readonly HandlerDefinition[]> {
    const files = await filesOf(pattern, search);
    if (files.length === 0) {
      this.#issues.push(`'${pattern}' matches no file in ${search.folder}`);
      return [];
    }
    for (const file of files) if (!this.#files.has(file)) this.#files.set(file, await this.#import(file));
    const handlers = files.map((file) => this.#files.get(file));
    if (handlers.every((inFile) => inFile?.length === 0)) {
      this.#issues.push(
        `'${pattern}' matches ${files.length === 1 ? files[0] : `${files.length} files in ${search.folder}`}, without an export that defineCommandHandler or defineEventHandler made`,
      );
    }
    return [...new Set(handlers.flatMap((inFile) => inFile ?? []))];
  }

  /** @returns undefined if the file cannot be imported */
  async #import(file: string): Promise<readonly HandlerDefinition[] | undefined> {
    try {
      return handlersIn(await importModule(file));
    } catch (cause) {
      this.#issues.push(`${file} cannot be loaded: ${describeLoadFailure(file, cause)}`);
      this.#causes.push(cause);
      return undefined;
    }
  }

  throwIssues(): void {
    if (this.#issues.length === 0) return;
    const causes = this.#causes;
    throw new LittoralError('invalid-handlers', `The handlers cannot be loaded:\n- ${this.#issues.join('\n- ')}`, {
      cause: causes.length > 1 ? new AggregateError(causes) : causes[0],
    });
  }
}

function handlersIn(module: Readonly<Record<string, unknown>>): HandlerDefinition[] {
  return Object.values(module).flatMap((exported) =>
    Array.isArray(exported) ? exported.filter(isHandlerDefinition) : isHandlerDefinition(exported) ? exported : [],
  );
}

async function filesOf(pattern: string, { folder, ignore }: Search): Promise<string[]> {
  const { glob } = await import('tinyglobby');
  const files = await glob(withBuilt(pattern), {
    cwd: folder,
    absolute: true,
    expandDirectories: false,
    // Declaration files stand beside the built files, and contain no code.
    ignore: ['**/node_modules/**', '**/*.d.{ts,mts,cts}', ...ignore.flatMap(withBuilt)],
  });
  const all = new Set(files);
  const isBuilt = (file: string) => /\.[cm]?js$/.test(file) && all.has(file.replace(/js$/, 'ts'));
  return files.filter((file) => !isBuilt(file)).sort();
}

/** Returns the pattern, and the pattern of the files that are built from its files. */
function withBuilt(pattern: string): string[] {
  const built = pattern.replace(/\.([cm]?)ts$/, '.$1js');
  return built === pattern ? [pattern] : [pattern, built];
}

function isNegation(pattern: string): boolean {
  return pattern.startsWith('!');
}

function folderOf(baseUrl: string | URL | undefined): string {
  if (baseUrl === undefined) return process.cwd();
  try {
    return fileURLToPath(new URL('.', baseUrl));
  } catch (cause) {
    throw new LittoralError('invalid-configuration', 'The baseUrl is not the URL of a file; give import.meta.url.', {
      cause,
    });
  }
}
