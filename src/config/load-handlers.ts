import { fileURLToPath } from 'node:url';
import { LittoralError } from '../errors.ts';
import { type HandlerDefinition, isHandlerDefinition } from '../handler/handler-definition.ts';
import { errorText } from '../text/error-chain.ts';
import type { Config } from './config.ts';
import { importModule } from './import-module.ts';

/** Options of `loadHandlers`. */
export interface LoadHandlersOptions {
  /**
   * What patterns are relative to: the URL of a module, `import.meta.url`, stands for its folder; that of a folder ends
   * in a slash. Default: the working directory.
   */
  readonly baseUrl?: string | URL | undefined;
}

/**
 * Finds handlers in files.
 *
 * Of every file that a pattern matches, the exports are taken that `defineCommandHandler` and `defineEventHandler`
 * made, under any name, also those in an exported list; other exports are ignored. A handler that is exported twice is
 * taken once. `*` and `**` stand for names as in a shell; a pattern that begins with `!` takes files away from all
 * others. A pattern that ends in `.ts` also matches the `.js` that was built of it, where the `.ts` is not there.
 *
 * @param handlers as in the configuration: a pattern, or a list of definitions and patterns
 * @returns the definitions of the list, those of a pattern in its place, by the paths of their files
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

/** Imports every file once, one after the other, and remembers what was wrong. */
class HandlerLoader {
  readonly #issues: string[] = [];
  readonly #causes: unknown[] = [];
  readonly #files = new Map<string, readonly HandlerDefinition[] | undefined>();

  /** The handlers in the files that a pattern matches, each once. */
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

  /** @returns undefined when it cannot be imported */
  async #import(file: string): Promise<readonly HandlerDefinition[] | undefined> {
    try {
      return handlersIn(await importModule(file));
    } catch (cause) {
      this.#issues.push(`${file} cannot be loaded: ${errorText(cause)}`);
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
    // Declarations stand beside what was built, and hold no code.
    ignore: ['**/node_modules/**', '**/*.d.{ts,mts,cts}', ...ignore.flatMap(withBuilt)],
  });
  const all = new Set(files);
  const isBuilt = (file: string) => /\.[cm]?js$/.test(file) && all.has(file.replace(/js$/, 'ts'));
  return files.filter((file) => !isBuilt(file)).sort();
}

/** The pattern, and the same of what is built of its files. */
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
