import type { createLocalJWKSet, JSONWebKeySet } from 'jose';
import { LittoralError } from '../../errors.ts';
import { RereadFile } from '../../file/reread-file.ts';
import type { Logger } from '../../logger.ts';
import { withoutByteOrderMark } from '../../text/byte-order-mark.ts';
import { errorFields } from '../../text/error-chain.ts';
import type { Clock } from '../../time/clock.ts';

/** Finds the key that has signed a token. */
export type KeySet = ReturnType<typeof createLocalJWKSet>;

/** The public keys of an issuer. */
export interface JwtKeys {
  /** Returns the current keys. @throws LittoralError `auth-unavailable` if there are none yet */
  current(): Promise<KeySet>;
  /**
   * Fetches newer keys for a token whose key is not among the current ones.
   *
   * @returns undefined if there are none
   * @throws LittoralError `auth-unavailable` if the issuer cannot be reached
   */
  newer(): Promise<KeySet | undefined>;
}

const loadJose = () => import('jose');
const maxKeys = 100;

/**
 * Reads a JSON Web Key Set (RFC 7517 section 5).
 *
 * @param mayBeEmpty whether an empty set is valid
 * @throws TypeError for a value that is not a key set, for a private key, and for a set without a public key
 */
function readKeySet(text: string, mayBeEmpty = false): JSONWebKeySet {
  let set: Partial<JSONWebKeySet> | null;
  try {
    set = JSON.parse(withoutByteOrderMark(text));
  } catch {
    throw new TypeError('is not JSON');
  }
  const keys = typeof set === 'object' && set !== null && Array.isArray(set.keys) ? set.keys : undefined;
  if (keys === undefined) throw new TypeError('is no JSON Web Key Set: an object with a list of keys');
  if (keys.length > maxKeys) throw new TypeError(`has more than ${maxKeys} keys`);
  if (keys.some((key) => typeof key === 'object' && key !== null && 'd' in key)) {
    throw new TypeError('has a private key; keep only the public part of each');
  }
  // A shared secret proves nothing about the issuer, because verifiers know it, too.
  const publicKeys = keys.filter((key) => typeof key === 'object' && key !== null && key.kty !== 'oct');
  const isAllowed = publicKeys.length > 0 || (mayBeEmpty && keys.length === 0);
  if (!isAllowed) throw new TypeError('has no public key');
  return { keys: publicKeys };
}

/** Reads the key set of a file. It is empty if the operator has removed all keys. @throws TypeError as `readKeySet` */
export function readKeySetFile(text: string): JSONWebKeySet {
  return readKeySet(text, true);
}

/** Returns the keys of a file, which is read again when it changes. @throws the error of reading the file */
export function keysOfFile(file: string, logger: Logger): JwtKeys {
  const onError = (error: unknown) =>
    logger.error(
      { err: errorFields(error), file },
      'a changed file of public keys cannot be used; the earlier keys stay',
    );
  const reread = new RereadFile(file, { parse: readKeySetFile, onError });
  let used: JSONWebKeySet | undefined;
  let set: KeySet | undefined;
  const current = async () => {
    const now = reread.current();
    if (set === undefined || used !== now) {
      used = now;
      set = (await loadJose()).createLocalJWKSet(now);
    }
    return set;
  };
  return { current, newer: async () => undefined };
}

/** Age at which keys are fetched again. The current keys stay in use until then. */
const freshMs = 10 * 60_000;
/** Age at which keys are no longer used, if the issuer has not answered meanwhile. */
const keptMs = 60 * 60_000;
/** Minimum time between two fetches, because a caller can send any number of tokens with unknown keys. */
const pauseMs = 30_000;
/** Minimum time between two fetches before the first keys have arrived, because every token waits for them. */
const firstPauseMs = 1_000;

export interface RemoteKeysOptions {
  readonly url: string;
  readonly logger: Logger;
  readonly clock: Pick<Clock, 'nowMs'>;
}

/** The keys of a URL. They are fetched for the first token, and stay in use until the issuer publishes others. */
export class RemoteKeys implements JwtKeys {
  readonly #options: RemoteKeysOptions;
  #set: KeySet | undefined;
  #fetchedAtMs = Number.NEGATIVE_INFINITY;
  #triedAtMs = Number.NEGATIVE_INFINITY;
  #failure: LittoralError | undefined;
  #pending: Promise<void> | undefined;

  constructor(options: RemoteKeysOptions) {
    this.#options = options;
  }

  async current(): Promise<KeySet> {
    const age = this.#options.clock.nowMs() - this.#fetchedAtMs;
    if (this.#set !== undefined && age < freshMs) return this.#set;
    const fetching = this.#fetch();
    if (this.#set === undefined || age >= keptMs) await fetching;
    if (this.#set === undefined || this.#options.clock.nowMs() - this.#fetchedAtMs >= keptMs) throw this.#unavailable();
    return this.#set;
  }

  async newer(): Promise<KeySet | undefined> {
    const before = this.#set;
    await this.#fetch();
    if (this.#failure !== undefined) throw this.#unavailable();
    return this.#set === before ? undefined : this.#set;
  }

  /** Fetches the keys, unless the last attempt was too recent. Never rejects. */
  #fetch(): Promise<void> {
    if (this.#pending !== undefined) return this.#pending;
    const now = this.#options.clock.nowMs();
    if (now - this.#triedAtMs < (this.#set === undefined ? firstPauseMs : pauseMs)) return Promise.resolve();
    this.#triedAtMs = now;
    this.#pending = this.#load().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  async #load(): Promise<void> {
    const { url, logger, clock } = this.#options;
    try {
      const [{ createLocalJWKSet }, text] = await Promise.all([loadJose(), fetchText(url)]);
      this.#set = createLocalJWKSet(readKeySet(text));
      this.#fetchedAtMs = clock.nowMs();
      this.#failure = undefined;
    } catch (cause) {
      const detail = 'The keys that verify tokens cannot be fetched. Repeat the request later.';
      this.#failure = new LittoralError('auth-unavailable', detail, { cause });
      logger.warn({ err: errorFields(cause), url }, 'the keys of an issuer cannot be fetched');
    }
  }

  #unavailable(): LittoralError {
    return (
      this.#failure ?? new LittoralError('auth-unavailable', 'The keys that verify tokens have not been fetched yet.')
    );
  }
}

const fetchTimeoutMs = 5_000;
const maxBytes = 262_144;

/** Fetches a text. Follows no redirects, because keys may come only from the configured address. */
async function fetchText(url: string): Promise<string> {
  const signal = AbortSignal.timeout(fetchTimeoutMs);
  const answer = await fetch(url, { signal, redirect: 'error', headers: { accept: 'application/json' } });
  if (!answer.ok || answer.body === null) {
    await answer.body?.cancel();
    throw new Error(`the issuer answered ${answer.status}`);
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of answer.body) {
    length += chunk.byteLength;
    // Leaving the loop ends the connection.
    if (length > maxBytes) throw new Error(`the issuer answered with more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
