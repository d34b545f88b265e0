import { hash, timingSafeEqual } from 'node:crypto';
import { RereadFile } from '../../file/reread-file.ts';
import type { Logger } from '../../logger.ts';
import { errorFields } from '../../text/error-chain.ts';
import type { KeySettings } from './auth-settings.ts';
import { Grants } from './grants.ts';
import { createPrincipal, type Principal } from './principal.ts';

interface StaticKey {
  readonly digest: Buffer;
  readonly principal: Principal;
}

interface FileKeys {
  readonly file: RereadFile<readonly Buffer[]>;
  readonly principal: Principal;
}

/** Returns the SHA-256 of a token. Keys are stored and compared only as digests. */
export function digestOf(token: string): Buffer {
  // A digest as a Buffer takes Node three times as long.
  return Buffer.from(hash('sha256', token, 'binary'), 'binary');
}

/**
 * The keys of a configuration. Digests are compared in constant time. The search uses the first 32 bits of a digest, so
 * its duration reveals at most these bits of the digest, and nothing about the key.
 */
export class ApiKeys {
  readonly #byStart = new Map<number, StaticKey[]>();
  readonly #files: FileKeys[] = [];

  /** @throws the error of reading a file */
  constructor(keys: readonly KeySettings[], logger: Logger) {
    for (const { id, sha256, file, grants } of keys) {
      const principal = createPrincipal(id, 'key', new Grants(grants));
      if (sha256 !== undefined) this.#add(Buffer.from(sha256, 'hex'), principal);
      if (file === undefined) continue;
      const onError = (error: unknown) =>
        logger.error(
          { err: errorFields(error), file, key: id },
          'a changed key file cannot be used; the earlier keys stay',
        );
      const onEmpty = () => logger.warn({ file, key: id }, 'a key file has no key; its caller is refused');
      const isEmpty = (digests: readonly Buffer[]) => digests.length === 0;
      this.#files.push({ file: new RereadFile(file, { parse: readKeys, onError, isEmpty, onEmpty }), principal });
    }
  }

  /** Adds a key that is given in full. */
  add(key: string, principal: Principal): void {
    this.#add(digestOf(key), principal);
  }

  /** Returns the caller whose key has a digest; undefined for an unknown key. */
  find(digest: Buffer): Principal | undefined {
    const found = this.#byStart.get(digest.readUInt32LE(0))?.find((key) => timingSafeEqual(key.digest, digest));
    if (found !== undefined) return found.principal;
    for (const { file, principal } of this.#files) {
      if (file.current().some((one) => timingSafeEqual(one, digest))) return principal;
    }
    return undefined;
  }

  #add(digest: Buffer, principal: Principal): void {
    const start = digest.readUInt32LE(0);
    const keys = this.#byStart.get(start) ?? [];
    keys.push({ digest, principal });
    this.#byStart.set(start, keys);
  }
}

const minKeyLength = 16;

/**
 * Reads a file of keys, one on each line: the key itself, or `sha256:` and its hash. The file contains two keys during
 * a rotation, and none if the operator no longer trusts the caller.
 *
 * @throws TypeError for a file with an invalid key
 */
export function readKeys(text: string): readonly Buffer[] {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return lines.map((line, index) => {
    if (line.startsWith('sha256:')) {
      const issue = validateSha256(line.slice(7));
      if (issue === undefined) return Buffer.from(line.slice(7), 'hex');
      throw new TypeError(`line ${index + 1} ${issue}`);
    }
    const issue = validateKeyText(line);
    if (issue !== undefined) throw new TypeError(`line ${index + 1} ${issue}`);
    return digestOf(line);
  });
}

/** Describes the issue of a key, without quoting it. */
export function validateKeyText(key: string): string | undefined {
  if (!/^[!-~]*$/.test(key)) return 'has other characters than visible ASCII';
  return key.length < minKeyLength ? `has fewer than ${minKeyLength} characters` : undefined;
}

/** Describes the issue of a SHA-256, without quoting it: the user may have written the key itself by mistake. */
export function validateSha256(text: string): string | undefined {
  if (/^[0-9a-f]{64}$/i.test(text)) return undefined;
  return 'is not the SHA-256 of a key: 64 hexadecimal digits, as littoral auth:hash prints them';
}
