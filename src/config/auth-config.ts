import Type, { type Static } from 'typebox';
import { errorMessage } from '../errors.ts';
import { readSettingFile } from '../file/setting-file.ts';
import { readKeys, validateSha256 } from '../http/auth/api-keys.ts';
import { foldHeaderName } from '../http/auth/caller-header.ts';
import { validateGrant } from '../http/auth/grants.ts';
import { readKeySetFile } from '../http/auth/jwt-keys.ts';
import { isLoopback } from '../http/loopback.ts';
import { isAttributeHeader } from '../message/cloud-events.ts';
import { maxShortStringBytes } from '../message/limits.ts';
import { traceHeaders } from '../message/message-headers.ts';
import { isReservedHeader } from '../message/reserved-headers.ts';
import { isRecord } from '../schema/is-record.ts';
import { closed, type SameSettings } from './setting-types.ts';

/** Who may call the gateway. What is not granted is refused. */
export interface AuthConfig {
  /** The keys of callers. Default: none. */
  keys?: readonly AuthKeyConfig[] | undefined;
  /** Issuers of JSON Web Tokens. Default: none. */
  jwt?: readonly AuthJwtConfig[] | undefined;
  /**
   * The grants of callers by the names in their client certificates (`http.tls.clientCertificates`): a URI such as
   * `spiffe://…`, `DNS:…`, or `CN=…`. The first name in the certificate that is listed here counts. Default: none.
   */
  mtls?: Readonly<Record<string, readonly string[]>> | undefined;
  /** The grants of callers without credentials. Default: none; they get 401. */
  anonymous?: readonly string[] | undefined;
  /**
   * The message header with the name of the caller, such as `executorId`: the `id` of its key, the subject of its token,
   * or the name in its certificate. Messages of callers without credentials do not have this header. Callers cannot set
   * it themselves. Default: none.
   */
  header?: string | undefined;
}

/** A key of a caller. While a new key replaces an old one, two entries may have the same id. */
interface AuthKeyConfig {
  /** The name of the caller, in logs and errors. */
  id: string;
  /** The SHA-256 of the key in hexadecimal digits, as `littoral auth:hash` prints it. This or `file`. */
  sha256?: string | undefined;
  /**
   * A file of keys, one on each line: the key itself, or `sha256:` and its hash. Read again when it changes. With an
   * empty file the caller has no key. This or `sha256`.
   */
  file?: string | undefined;
  /** What the caller may do, such as `command:billing/billing.*`. `*` stands for any characters. */
  grants: readonly string[];
}

/** An issuer of JSON Web Tokens (RFC 7519). A token must have `exp`, and `sub`, which names the caller. */
export interface AuthJwtConfig {
  /** The claim `iss` of its tokens. */
  issuer: string;
  /** The claim `aud`, which must be one of these. */
  audience: string | readonly string[];
  /**
   * The address of its public keys, https, or http on loopback. They are fetched for the first token, and again after 10
   * min or for an unknown key, at most every 30 s. This or `jwksFile`.
   */
  jwksUrl?: string | undefined;
  /** A file of its public keys, a JSON Web Key Set. Read again when it changes. This or `jwksUrl`. */
  jwksFile?: string | undefined;
  /** The signature algorithms that its tokens may use, all of them with public keys: `RS256`, `ES256`, `EdDSA`, … */
  algorithms: readonly JwtAlgorithm[];
  /**
   * The claim that lists the grants: a text with spaces between them, or a list. Dots separate the names of nested
   * objects. Texts that are not grants are ignored. Default: `scope`.
   */
  grantsClaim?: string | undefined;
  /** Seconds by which the clocks may differ, for `exp` and `nbf`. Default: 5. */
  clockToleranceSeconds?: number | undefined;
}

/**
 * The supported algorithms, each with a public key. `none` and the algorithms with a shared secret are left out on
 * purpose.
 */
const algorithms = [
  ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const),
  ...(['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'] as const),
] as const;

type JwtAlgorithm = (typeof algorithms)[number];

const Grants = Type.Array(Type.String(), {
  description: 'Grants, such as command:billing/billing.*, event:order.* or dead-letters:read.',
});

const AuthKeySchema = Type.Object(
  {
    id: Type.String({ minLength: 1, maxLength: 200, description: 'The name of the caller, in logs and errors.' }),
    sha256: Type.Optional(Type.String({ description: 'The SHA-256 of the key, in hexadecimal digits.' })),
    file: Type.Optional(
      Type.String({ minLength: 1, description: 'A file of keys, one on each line. Read again when it changes.' }),
    ),
    grants: Grants,
  },
  closed,
);

const AuthJwtSchema = Type.Object(
  {
    issuer: Type.String({ minLength: 1, description: 'The claim iss of its tokens.' }),
    audience: Type.Union([Type.String({ minLength: 1 }), Type.Array(Type.String({ minLength: 1 }), { minItems: 1 })], {
      description: 'The claim aud: one of these.',
    }),
    jwksUrl: Type.Optional(Type.String({ description: 'The address of its public keys, https, or http on loopback.' })),
    jwksFile: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'A file of its public keys, a JSON Web Key Set. Read again when it changes.',
      }),
    ),
    algorithms: Type.Array(Type.Enum([...algorithms]), {
      minItems: 1,
      description: 'The algorithms that its tokens may be signed by.',
    }),
    grantsClaim: Type.Optional(Type.String({ minLength: 1, description: 'The claim that lists the grants.' })),
    clockToleranceSeconds: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 300, description: 'Seconds by which the clocks may differ.' }),
    ),
  },
  { ...closed, description: 'An issuer of JSON Web Tokens.' },
);

/** The schema of `auth`, where it is not `none`. */
export const AuthSchema = Type.Object(
  {
    keys: Type.Optional(Type.Array(AuthKeySchema, { description: 'The keys of callers.' })),
    jwt: Type.Optional(Type.Array(AuthJwtSchema, { description: 'Issuers of JSON Web Tokens.' })),
    mtls: Type.Optional(
      Type.Record(Type.String(), Grants, {
        description: 'The grants of callers by the names in their client certificates: a URI, DNS:… or CN=….',
      }),
    ),
    anonymous: Type.Optional(Grants),
    header: Type.Optional(Type.String({ minLength: 1, description: 'The message header that names the caller.' })),
  },
  { ...closed, description: 'Who may call the gateway. What is not granted is refused.' },
);

true satisfies SameSettings<AuthConfig, Static<typeof AuthSchema>>;

/** Validates what the schema cannot express. It ignores values of a wrong type, which the schema reports. */
export function validateAuth(auth: unknown, http: unknown): string[] {
  if (!isRecord(auth)) return [];
  const { keys, jwt, mtls, anonymous, header } = auth;
  const issuers = Array.isArray(jwt) ? jwt.filter(isRecord) : [];
  const list = Array.isArray(keys) ? keys.filter(isRecord) : [];
  return [
    ...list.flatMap((key, index) => validateKey(`auth.keys.${index}`, key)),
    ...validateOwners(list),
    ...issuers.flatMap((one, index) => validateIssuer(`auth.jwt.${index}`, one)),
    ...Object.entries(isRecord(mtls) ? mtls : {}).flatMap(([name, grants]) => validateName(name, grants)),
    ...validateHandshake(mtls, http),
    ...validateGrants('auth.anonymous', anonymous),
    ...(typeof header === 'string' && header !== '' ? validateHeader(header, http) : []),
  ];
}

function validateHeader(header: string, http: unknown): string[] {
  const forwarded = isRecord(http) && isRecord(http.forwardHeaders) ? http.forwardHeaders : {};
  const source = Object.keys(forwarded).find((name) => {
    const to = forwarded[name];
    return typeof to === 'string' && foldHeaderName(to) === foldHeaderName(header);
  });
  if (source !== undefined) return [`auth.header: http.forwardHeaders.${source} sets the same header; choose another`];
  if (isReservedHeader(header) || traceHeaders.has(header.toLowerCase()) || isAttributeHeader(header)) {
    return ['auth.header: has a meaning of its own in messages; choose another name, such as executorId'];
  }
  if (!header.isWellFormed()) return ['auth.header: is not valid Unicode'];
  if (Buffer.byteLength(header) <= maxShortStringBytes) return [];
  return [`auth.header: is longer than ${maxShortStringBytes} bytes`];
}

function validateKey(path: string, { id, sha256, file, grants }: Readonly<Record<string, unknown>>): string[] {
  const issues = validateGrants(`${path}.grants`, grants);
  if (typeof id === 'string' && !id.isWellFormed()) issues.push(`${path}.id: is not valid Unicode`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  if (typeof id === 'string' && /[\u0000-\u001f\u007f]/.test(id)) issues.push(`${path}.id: has a control character`);
  if (sha256 === undefined && file === undefined) {
    issues.push(`${path}: has no key; set sha256 to its hash (littoral auth:hash), or file`);
  } else if (sha256 !== undefined && file !== undefined) {
    issues.push(`${path}: has sha256 and file; keep one of them`);
  }
  const issue = typeof sha256 === 'string' ? validateSha256(sha256) : undefined;
  if (issue !== undefined) issues.push(`${path}.sha256: ${issue}`);
  if (typeof file === 'string' && file !== '') issues.push(...validateFile(`${path}.file`, file, readKeys));
  return issues;
}

function validateName(name: string, grants: unknown): string[] {
  const path = `auth.mtls.${name}`;
  const isName = /^(?:CN=|DNS:|[a-z][a-z0-9+.-]*:\/\/)./i.test(name);
  const issues = validateGrants(path, grants);
  return isName
    ? issues
    : [`${path}: is not a name that a certificate can have; write a URI such as spiffe://…, DNS:… or CN=…`, ...issues];
}

function validateHandshake(mtls: unknown, http: unknown): string[] {
  const tls = isRecord(http) && isRecord(http.tls) ? http.tls : {};
  if (mtls === undefined || ['request', 'require'].includes(String(tls.clientCertificates))) return [];
  return ["auth.mtls: no caller is asked for a certificate; set http.tls.clientCertificates to 'request' or 'require'"];
}

function validateIssuer(path: string, { jwksUrl, jwksFile }: Readonly<Record<string, unknown>>): string[] {
  const issues: string[] = [];
  if (jwksUrl === undefined && jwksFile === undefined) issues.push(`${path}: has no keys; set jwksUrl or jwksFile`);
  if (jwksUrl !== undefined && jwksFile !== undefined)
    issues.push(`${path}: has jwksUrl and jwksFile; keep one of them`);
  const issue = typeof jwksUrl === 'string' ? validateKeysUrl(jwksUrl) : undefined;
  if (issue !== undefined) issues.push(`${path}.jwksUrl: ${issue}`);
  if (typeof jwksFile === 'string' && jwksFile !== '') {
    issues.push(...validateFile(`${path}.jwksFile`, jwksFile, readKeySetFile));
  }
  return issues;
}

/** A program that can change the keys in transit can sign any token. */
function validateKeysUrl(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    return 'is not an address such as https://issuer.example/keys';
  if (url.username !== '' || url.password !== '') return 'has a user or a password; public keys need none';
  if (url.protocol === 'https:' || isLoopback(url.hostname.replace(/^\[(.*)\]$/, '$1'))) return undefined;
  return 'is http, and not on loopback: anyone on the way could replace the keys. Use https';
}

function validateFile(path: string, file: string, parse: (text: string) => unknown): string[] {
  const issues: string[] = [];
  const text = readSettingFile(path, file, issues);
  try {
    if (text !== undefined) parse(text);
  } catch (error) {
    issues.push(`${path}: ${file} ${errorMessage(error)}`);
  }
  return issues;
}

/** One key stands for one caller. */
function validateOwners(keys: readonly Readonly<Record<string, unknown>>[]): string[] {
  const owners = new Map<string, unknown>();
  return keys.flatMap(({ id, sha256 }, index) => {
    if (typeof sha256 !== 'string') return [];
    const hash = sha256.toLowerCase();
    const owner = owners.get(hash);
    owners.set(hash, owner ?? id);
    if (owner === undefined) return [];
    return [`auth.keys.${index}.sha256: is the key of '${owner}' as well; give each caller keys of its own`];
  });
}

function validateGrants(path: string, grants: unknown): string[] {
  if (!Array.isArray(grants)) return [];
  return grants.flatMap((grant, index) => {
    const issue = typeof grant === 'string' ? validateGrant(grant) : undefined;
    return issue === undefined ? [] : [`${path}.${index}: ${issue}`];
  });
}
