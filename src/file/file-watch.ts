import { versionNow, versionOf } from './file-version.ts';

export interface FileWatchOptions {
  /** Returns the paths to look at. It may return others each time. */
  readonly paths: () => readonly string[];
  /** Milliseconds between two looks at the files. Default: 1 s. */
  readonly intervalMs?: number | undefined;
}

/**
 * Notices that files have changed, by looking at them at intervals: notifications of the file system miss the swap of a
 * symbolic link above a file, by which Kubernetes replaces the files of a Secret. A change is reported once the files
 * have stayed the same for one interval, because a file is not written in one step, and a certificate and its key are
 * two files.
 */
export class FileWatch {
  readonly #options: FileWatchOptions;
  #reported: string;
  #seen: string;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #onChange: () => void | Promise<void> = () => {};

  /** Notes the present versions. The caller reads the files after that, so that it misses no change. */
  constructor(options: FileWatchOptions) {
    this.#options = options;
    this.#reported = versionsNow(options.paths());
    this.#seen = this.#reported;
  }

  /**
   * Begins to look at the files. It does not keep the process alive.
   *
   * @param onChange called once for each change, when the files have stayed the same for one interval. Must not throw
   */
  start(onChange: () => void | Promise<void>): void {
    this.#onChange = onChange;
    this.#wait();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  /** Notes the present versions as known. The caller reads the files after that. */
  note(): void {
    this.#reported = versionsNow(this.#options.paths());
    this.#seen = this.#reported;
  }

  #wait(): void {
    if (this.#isClosed || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => void this.#look(), this.#options.intervalMs ?? 1_000).unref();
  }

  async #look(): Promise<void> {
    const { paths } = this.#options;
    const noted = this.#reported;
    const version = await versionsOf(paths());
    // `note` was called meanwhile, so this version may be older than the one that it noted.
    if (noted === this.#reported && !this.#isClosed) {
      const isStable = version === this.#seen;
      this.#seen = version;
      if (isStable && version !== this.#reported) {
        this.#reported = version;
        await this.#onChange();
      }
    }
    this.#timer = undefined;
    this.#wait();
  }
}

function versionsNow(paths: readonly string[]): string {
  return paths.map(versionNow).join('\n');
}

/** Does not block the event loop on a file system that does not answer. */
async function versionsOf(paths: readonly string[]): Promise<string> {
  return (await Promise.all(paths.map(versionOf))).join('\n');
}
