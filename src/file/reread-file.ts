import { statSync } from 'node:fs';
import { errorMessage } from '../errors.ts';
import { versionNow } from './file-version.ts';
import { readRegularFile } from './regular-file.ts';

const checkEveryMs = 1000;
const defaultMaxBytes = 65_536;
/** Age at which an empty file is accepted at the first check. */
const emptyMs = 2_000;

export interface RereadFileOptions<Content> {
  /** Parses the text of the file. Throws if it is not valid. */
  readonly parse: (text: string) => Content;
  /** Called if the changed file cannot be used, once for the same reason. The earlier content stays. */
  readonly onError: (error: unknown) => void;
  /**
   * Returns whether a content is empty. An empty content is accepted only if the file stays unchanged until the next
   * check, because a program that writes the file in two steps empties it first. Default: no content is empty.
   */
  readonly isEmpty?: ((content: Content) => boolean) | undefined;
  /** Called when an empty content is accepted, also by the constructor. */
  readonly onEmpty?: (() => void) | undefined;
  /** Maximum size of the file. Default: 64 KiB. */
  readonly maxBytes?: number;
  /** Milliseconds between two checks of the file. Default: 1 s. */
  readonly checkEveryMs?: number;
}

/**
 * The content of a small file that can change while the process runs, such as a secret. The file is checked only when
 * the content is used, so an unused file costs nothing.
 */
export class RereadFile<Content> {
  readonly #path: string;
  readonly #options: RereadFileOptions<Content>;
  #content: Content;
  /** The version of the file when its text was last read. */
  #version: string;
  /** The version that was empty at the last check, and was not accepted. */
  #emptyVersion: string | undefined;
  #failure: string | undefined;
  #checkedAt = 0;

  /** Reads the file. @throws the error of the file system or of `parse` */
  constructor(path: string, options: RereadFileOptions<Content>) {
    this.#path = path;
    this.#options = options;
    this.#version = versionNow(path);
    this.#content = options.parse(readRegularFile(path, options.maxBytes ?? defaultMaxBytes));
    if (options.isEmpty?.(this.#content)) options.onEmpty?.();
  }

  /** Returns the content. The file is checked at most once in each interval. */
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
      // The version is set only after the file was read, so that an unreadable file is tried again even if unchanged.
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

  /** Returns whether an empty file is accepted. If not, the next check reads it again. */
  #staysEmpty(version: string): boolean {
    const isSame = version === this.#emptyVersion;
    if (isSame || Date.now() - statSync(this.#path).mtimeMs > emptyMs) return true;
    this.#emptyVersion = version;
    this.#version = '';
    return false;
  }
}
