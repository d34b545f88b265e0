import type { Config } from '../config/config.ts';
import type { FileWatch } from '../file/file-watch.ts';
import { errorText } from '../text/error-chain.ts';
import type { Gateway } from './gateway.ts';

/** The place of a configuration. */
export interface ConfigSource {
  /** Loads it again, with all that it imports. */
  readonly load: () => Promise<Config>;
  /** Notices changes of the configuration file, and of files of secrets, since it was created. */
  readonly watch: FileWatch;
}

/** Long enough for an error that has all issues of a configuration. */
const maxReasonLength = 65_536;

/** Reloads the configuration of a gateway, when it is asked to and when a file changes. One reload at a time. */
export class ConfigWatch {
  readonly #gateway: Pick<Gateway, 'logger' | 'reload'>;
  readonly #source: ConfigSource;
  #running: Promise<void> | undefined;
  #isWanted = false;

  constructor(gateway: Pick<Gateway, 'logger' | 'reload'>, source: ConfigSource) {
    this.#gateway = gateway;
    this.#source = source;
  }

  start(): void {
    this.#source.watch.start(() => this.reload());
  }

  close(): void {
    this.#source.watch.close();
  }

  /** Reloads the configuration; once more after a reload that is under way, which may have read the earlier files. */
  reload(): Promise<void> {
    this.#isWanted = true;
    this.#running ??= this.#run();
    return this.#running;
  }

  async #run(): Promise<void> {
    while (this.#isWanted) {
      this.#isWanted = false;
      await this.#reloadOnce();
    }
    this.#running = undefined;
  }

  async #reloadOnce(): Promise<void> {
    const { logger, reload } = this.#gateway;
    // What is read now is no further change.
    this.#source.watch.note();
    try {
      const { changed, needRestart } = reload(await this.#source.load());
      logger.info({ changed }, 'configuration reloaded');
      if (needRestart.length > 0) logger.warn({ settings: needRestart }, 'changed settings need a restart');
    } catch (error) {
      const reason = errorText(error, maxReasonLength);
      logger.error({ reason }, 'configuration not reloaded; the earlier one stays');
    }
  }
}
