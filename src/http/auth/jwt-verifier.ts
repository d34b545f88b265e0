import type { JWTPayload, JWTVerifyOptions } from 'jose';
import { isLittoralError, type LittoralError } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import type { Clock, WallClock } from '../../time/clock.ts';
import { RecentMap } from '../../time/recent-map.ts';
import type { JwtSettings } from './auth-settings.ts';
import { Grants, validateGrant } from './grants.ts';
import { type JwtKeys, type KeySet, keysOfFile, RemoteKeys } from './jwt-keys.ts';
import { createPrincipal, type Principal } from './principal.ts';
import { rejectCredentials } from './refusals.ts';

interface Issuer {
  readonly settings: JwtSettings;
  readonly keys: JwtKeys;
}

interface Verified {
  readonly principal: Principal;
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number;
}

export interface JwtVerifierOptions {
  readonly logger: Logger;
  readonly clock: Clock & WallClock;
  /** The keys that the previous verifier has fetched, by the URL of the issuer. Default: none. */
  readonly fetchedKeys?: ReadonlyMap<string, RemoteKeys> | undefined;
}

/** Time for which a verified token is cached. */
const rememberedMs = 60_000;
const maxRemembered = 2_000;

/** Verifies JSON Web Tokens (RFC 7519) of the issuers of a configuration. */
export class JwtVerifier {
  readonly #remoteKeys = new Map<string, RemoteKeys>();
  readonly #issuers: readonly Issuer[];
  readonly #clock: WallClock;
  readonly #verified: RecentMap<Verified>;

  /** @throws the error of reading a file */
  constructor(settings: readonly JwtSettings[], { logger, clock, fetchedKeys }: JwtVerifierOptions) {
    this.#clock = clock;
    this.#verified = new RecentMap({ windowMs: rememberedMs, maxEntries: maxRemembered, clock });
    this.#issuers = settings.map((one) => {
      const { jwksFile, jwksUrl: url = '' } = one;
      if (jwksFile !== undefined) return { settings: one, keys: keysOfFile(jwksFile, logger) };
      const keys = this.#remoteKeys.get(url) ?? fetchedKeys?.get(url) ?? new RemoteKeys({ url, logger, clock });
      this.#remoteKeys.set(url, keys);
      return { settings: one, keys };
    });
  }

  /** The fetched keys, by the URL of the issuer. The verifier that replaces this one uses them, too. */
  get fetchedKeys(): ReadonlyMap<string, RemoteKeys> {
    return this.#remoteKeys;
  }

  /** Returns whether a token has the form of a signed JSON Web Token. */
  isToken(token: string): boolean {
    return this.#issuers.length > 0 && /^[\w-]+\.[\w-]+\.[\w-]+$/.test(token);
  }

  /**
   * Returns the caller that a token identifies.
   *
   * @param digest the digest of the token
   * @returns a promise only for a token that is not cached
   * @throws LittoralError `unauthorized`, `auth-unavailable`
   */
  verify(token: string, digest: Buffer): Principal | Promise<Principal> {
    const key = digest.toString('latin1');
    const known = this.#verified.get(key);
    if (known !== undefined && this.#clock.wallMs() < known.expiresAtMs) return known.principal;
    return this.#verify(token).then((verified) => {
      this.#verified.set(key, verified);
      return verified.principal;
    });
  }

  async #verify(token: string): Promise<Verified> {
    const claimed = await issuerOf(token);
    const issuers = this.#issuers.filter(({ settings }) => settings.issuer === claimed);
    let refusal: LittoralError = rejectCredentials('The issuer of the token is not known here.', 'invalid_token');
    for (const issuer of issuers) {
      try {
        return await this.#verifyBy(token, issuer);
      } catch (error) {
        if (!isLittoralError(error) || error.code !== 'unauthorized') throw error;
        refusal = error;
      }
    }
    throw refusal;
  }

  async #verifyBy(token: string, { settings, keys }: Issuer): Promise<Verified> {
    const { issuer, audience, algorithms, clockToleranceSeconds = 5 } = settings;
    const options: JWTVerifyOptions = {
      issuer,
      audience: typeof audience === 'string' ? audience : [...audience],
      algorithms: [...algorithms],
      clockTolerance: clockToleranceSeconds,
      requiredClaims: ['exp', 'sub'],
      currentDate: new Date(this.#clock.wallMs()),
    };
    const payload =
      (await verifySigned(token, await keys.current(), options)) ??
      (await verifyByNewer(token, await keys.newer(), options));
    if (payload === undefined) throw rejectCredentials('The key that signed the token is not known.', 'invalid_token');
    const { sub = '', exp = 0 } = payload;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
    if (!/^[^\u0000-\u001f\u007f]{1,200}$/.test(sub) || !sub.isWellFormed()) {
      throw rejectCredentials(
        'The subject of the token is empty, too long, or has control characters.',
        'invalid_token',
      );
    }
    const principal = createPrincipal(sub, 'token', new Grants(grantsIn(payload, settings.grantsClaim)), issuer);
    return { principal, expiresAtMs: (exp + clockToleranceSeconds) * 1000 };
  }
}

async function issuerOf(token: string): Promise<string | undefined> {
  const { decodeJwt } = await import('jose');
  try {
    return decodeJwt(token).iss;
  } catch {
    throw rejectCredentials('The token is not a JSON Web Token.', 'invalid_token');
  }
}

/** @returns undefined for a token whose key is not in the set */
async function verifySigned(token: string, keys: KeySet, options: JWTVerifyOptions): Promise<JWTPayload | undefined> {
  const { errors, jwtVerify } = await import('jose');
  try {
    return (await jwtVerify(token, keys, options)).payload;
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) return undefined;
    // Any of several keys can have signed a token that does not name its key.
    if (error instanceof errors.JWKSMultipleMatchingKeys) {
      for await (const key of error) {
        try {
          return (await jwtVerify(token, key, options)).payload;
        } catch (reason) {
          if (!(reason instanceof errors.JWSSignatureVerificationFailed)) throw rejectToken(reason);
        }
      }
    }
    throw rejectToken(error);
  }
}

async function verifyByNewer(token: string, keys: KeySet | undefined, options: JWTVerifyOptions) {
  return keys && verifySigned(token, keys, options);
}

const reasons: Readonly<Record<string, string>> = {
  ERR_JWT_EXPIRED: 'The token has expired.',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'The signature of the token is not valid.',
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: 'The signature of the token is not valid.',
  ERR_JOSE_ALG_NOT_ALLOWED: 'The algorithm of the token is not allowed.',
};

const reasonsOfClaims: Readonly<Record<string, string>> = {
  nbf: 'The token is not valid yet.',
  aud: 'The token is for another audience.',
  exp: 'The token has no time of expiry (exp).',
  sub: 'The token has no subject (sub).',
};

/** Returns the error for a token that cannot be verified. The caller chose the token, so the caller is at fault. */
function rejectToken(error: unknown): LittoralError {
  const { code = '', claim = '' } = (error ?? {}) as { readonly code?: string; readonly claim?: string };
  return rejectCredentials(reasons[code] ?? reasonsOfClaims[claim] ?? 'The token is not valid.', 'invalid_token');
}

/** Reads the grants of a claim: a text with spaces, or a list. Skips other texts, which are for other services. */
function grantsIn(payload: JWTPayload, claim = 'scope'): string[] {
  const value = Object.hasOwn(payload, claim) ? payload[claim] : nested(payload, claim.split('.'));
  const texts = typeof value === 'string' ? value.split(' ') : Array.isArray(value) ? value : [];
  return texts.filter((text) => typeof text === 'string' && validateGrant(text) === undefined);
}

function nested(value: unknown, path: readonly string[]): unknown {
  let inner = value;
  for (const name of path) {
    if (typeof inner !== 'object' || inner === null || !Object.hasOwn(inner, name)) return undefined;
    inner = (inner as Readonly<Record<string, unknown>>)[name];
  }
  return inner;
}
