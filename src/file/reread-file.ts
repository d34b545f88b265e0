import { statSync } from 'node:fs';
import { errorMessage } from '../errors.ts';
import { versionNow } from './file-version.ts';
import { readRegularFile } from './regular-file.ts';

const checkEveryMs = 1000;
const defaultMaxBytes = 65_536;
/** The age from which on an empty file counts at the first look. */
const emptyMs = 2_000;

export interface RereadFileOptions<Content> {
  /** Reads the content of the text, and throws if it is not valid. */
  readonly parse: (text: string) => Content;
  /** Called if the changed file cannot be read or is not valid, not again for the same reason. The earlier content stays. */
  readonly onError: (error: unknown) => void;
  /**
   * Returns whether a content has nothing in it. Such a content counts only once the file has stayed the same for a
   * moment, because a program that writes the file in two steps empties it first. Default: each content counts at once.
   */
  readonly isEmpty?: ((content: Content) => boolean) | undefined;
  /** Called if the file was emptied, or is empty at first. */
  readonly onEmpty?: (() => void) | undefined;
  /** Maximum size of the file. Default: 64 KiB. */
  readonly maxBytes?: number;
  /** Milliseconds between two looks at the file. Default: 1 s. */
  readonly checkEveryMs?: number;
}

/**
 * The content of a small file that can change while the process runs, such as a secret. The file is looked at when the
 * content is used, so that nothing runs for a file that is not.
 */
export class RereadFile<Content> {
  readonly #path: string;
  readonly #options: RereadFileOptions<Content>;
  #content: Content;
  /** The version of the last text that was read. */
  #version: string;
  /** The version that was empty at the last look, and did not count yet. */
  #emptyVersion: string | undefined;
  #failure: string | undefined;
  #checkedAt = 0;

  /** Reads the file. @throws what the file system and `parse` throw */
  constructor(path: string, options: RereadFileOptions<Content>) {
    this.#path = path;
    this.#options = options;
    this.#version = versionNow(path);
    this.#content = options.parse(readRegularFile(path, options.maxBytes ?? defaultMaxBytes));
    if (options.isEmpty?.(this.#content)) options.onEmpty?.();
  }

  /** Returns the content. The file is looked at once in each interval at most. */
  current(): Content {
    const now = performance.now();
    if (now - this.#checkedAt < (this.#options.checkEveryMs ?? checkEveryMs)) return this.#content;
    this.#checkedAt = now;
    const version = versionNow(this.#path);
    if (version === this.#version) this.#failure = undefined;
    else this.#read(version);
    return this.#content;
  }

  #read(version: string): void {
    try {
      const text = readRegularFile(this.#path, this.#options.maxBytes ?? defaultMaxBytes);
      // Noted once the file was read: a file that cannot be read is tried again, although it stays the same.
      this.#version = version;
      const content = this.#options.parse(text);
      this.#failure = undefined;
      if (this.#options.isEmpty?.(content)) {
        if (!this.#staysEmpty(version)) return;
        this.#options.onEmpty?.();
      }
      this.#content = content;
    } catch (error) {
      const reason = errorMessage(error);
      if (reason !== this.#failure) this.#options.onError(error);
      this.#failure = reason;
    }
  }

  /** Returns whether an empty file counts. If not, the next look reads it again. */
  #staysEmpty(version: string): boolean {
    const isSame = version === this.#emptyVersion;
    if (isSame || Date.now() - statSync(this.#path).mtimeMs > emptyMs) return true;
    this.#emptyVersion = version;
    this.#version = '';
    return false;
  }
}
