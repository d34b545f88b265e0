/** A key of a caller: its SHA-256, or a file of keys. */
export interface KeySettings {
  readonly id: string;
  readonly sha256?: string | undefined;
  readonly file?: string | undefined;
  readonly grants: readonly string[];
}

/** An issuer of JSON Web Tokens, with a URL or a file of its public keys. */
export interface JwtSettings {
  readonly issuer: string;
  readonly audience: string | readonly string[];
  readonly jwksUrl?: string | undefined;
  readonly jwksFile?: string | undefined;
  readonly algorithms: readonly string[];
  readonly grantsClaim?: string | undefined;
  readonly clockToleranceSeconds?: number | undefined;
}

/** The callers of a gateway and their grants. The gateway refuses a request that no grant allows. */
export interface AuthSettings {
  readonly keys?: readonly KeySettings[] | undefined;
  readonly jwt?: readonly JwtSettings[] | undefined;
  /** The grants of callers by the names in their client certificates. */
  readonly mtls?: Readonly<Record<string, readonly string[]>> | undefined;
  /** The grants of callers without credentials. */
  readonly anonymous?: readonly string[] | undefined;
  /** The message header that names the caller. */
  readonly header?: string | undefined;
}
