import { changedSettings } from '../config/changed-settings.ts';
import type { Config } from '../config/config.ts';
import { type Environment, type ResolvedConfig, resolveConfig } from '../config/resolve.ts';
import type { Reloadable } from './reloadable.ts';

/** The settings that a reload has changed, by their paths. */
export interface ReloadOutcome {
  /** Those that apply from now on. */
  readonly changed: readonly string[];
  /** Those that differ from what the process runs with, and apply after a restart. */
  readonly needRestart: readonly string[];
}

/** The configuration of a gateway that runs, with what can change of it. */
export class ConfigReload {
  readonly #environment: Environment;
  readonly #reloadables: readonly Reloadable[];
  #running: ResolvedConfig;

  constructor(running: ResolvedConfig, environment: Environment, reloadables: readonly Reloadable[]) {
    this.#running = running;
    this.#environment = environment;
    this.#reloadables = reloadables;
  }

  /** The settings that the gateway runs with. */
  get running(): ResolvedConfig {
    return this.#running;
  }

  /**
   * Applies a new configuration, as far as it can change at run time: all of that, or nothing.
   *
   * @throws LittoralError `invalid-configuration` with every issue; nothing has changed then
   */
  apply(config: Config): ReloadOutcome {
    const next = resolveConfig(config, this.#environment);
    const paths = changedSettings(this.#running, next).filter((path) => !isReadAgain(path, next));
    const reloadable = this.#reloadables.flatMap(({ settings }) => settings);
    const isReloadable = (path: string) => reloadable.some((own) => path === own || path.startsWith(`${own}.`));
    const changed = paths.filter(isReloadable);
    for (const part of this.#reloadables) part.reload(next);
    this.#running = withSettings(this.#running, next, changed);
    return { changed, needRestart: paths.filter((path) => !isReloadable(path)) };
  }
}

/** The URL of a file is read for each connection anyway. */
function isReadAgain(path: string, { broker }: ResolvedConfig): boolean {
  return path === 'broker.url' && broker.urlFile !== undefined;
}

function withSettings(running: ResolvedConfig, next: ResolvedConfig, paths: readonly string[]): ResolvedConfig {
  let result: Record<string, unknown> = { ...running };
  const from = next as unknown as Record<string, unknown>;
  for (const path of paths) {
    const [section = '', name] = path.split('.');
    const value =
      name === undefined
        ? from[section]
        : { ...(result[section] as object), [name]: (from[section] as Record<string, unknown>)[name] };
    result = { ...result, [section]: value };
  }
  return result as unknown as ResolvedConfig;
}
