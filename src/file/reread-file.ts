import { statSync } from 'node:fs';
import { readRegularFile } from './regular-file.ts';

const checkEveryMs = 1000;

/** The content of a small file that can change while the process runs, such as a secret. */
export class RereadFile<Content> {
  readonly #path: string;
  readonly #parse: (text: string) => Content;
  readonly #onError: (error: unknown) => void;
  #content: Content;
  #version: string;
  #checkedAt = 0;

  /**
   * Reads the file.
   *
   * @param parse reads the content, and throws if it is not valid
   * @param onError is called if the changed file cannot be read or is not valid; the earlier content stays
   * @throws what the file system and `parse` throw
   */
  constructor(path: string, parse: (text: string) => Content, onError: (error: unknown) => void) {
    this.#path = path;
    this.#parse = parse;
    this.#onError = onError;
    this.#version = versionOf(path);
    this.#content = this.#read();
  }

  /** Returns the content. The file is looked at once a second at most. */
  current(): Content {
    const now = performance.now();
    if (now - this.#checkedAt < checkEveryMs) return this.#content;
    this.#checkedAt = now;
    try {
      const version = versionOf(this.#path);
      if (version === this.#version) return this.#content;
      this.#version = version;
      this.#content = this.#read();
    } catch (error) {
      this.#onError(error);
    }
    return this.#content;
  }

  #read(): Content {
    return this.#parse(readRegularFile(this.#path, maxBytes));
  }
}

const maxBytes = 65_536;

function versionOf(path: string): string {
  const { mtimeMs, size, ino } = statSync(path);
  return `${mtimeMs} ${size} ${ino}`;
}
