import { describeThrownValue } from './text/thrown-value.ts';

/** The outcome of a message whose request failed: not accepted, or unknown because the broker may have it. */
export type Outcome = 'not-accepted' | 'unknown';

/** A row of the table. */
interface ErrorRow {
  /** The HTTP status that a caller gets. */
  readonly status: number;
  /** True if a repetition can succeed: of a request by its caller, or of a delivery by the consumer. */
  readonly retryable: boolean;
  readonly title: string;
  /** Seconds after which a caller may try again, sent as `Retry-After`. */
  readonly retryAfterSeconds?: number;
  readonly outcome?: Outcome;
}

/** Every error of littoral by its code. */
export const errorTable = {
  'malformed-request': { status: 400, retryable: false, title: 'The request is malformed' },
  'malformed-body': { status: 400, retryable: false, title: 'The body is not what its content type says' },
  'invalid-header': { status: 400, retryable: false, title: 'A header is not valid' },
  'reserved-header': { status: 400, retryable: false, title: 'The header is reserved for the framework' },
  'invalid-entry': { status: 400, retryable: false, title: 'An entry is not valid' },
  'invalid-key': { status: 400, retryable: false, title: 'A destination or routing key is not valid' },
  unauthorized: { status: 401, retryable: false, title: 'Credentials are missing or not valid' },
  'insufficient-scope': { status: 403, retryable: false, title: 'The caller has no grant for this' },
  'admin-token-not-set': { status: 403, retryable: false, title: 'Dead letters are not shown without an admin token' },
  'cross-site': { status: 403, retryable: false, title: 'The request comes from another site' },
  'not-permitted': { status: 403, retryable: false, title: 'The broker user may not send this' },
  'destination-not-found': { status: 404, retryable: false, title: 'No such destination' },
  'no-subscriber': { status: 404, retryable: false, title: 'The event has no subscriber' },
  'dead-letter-not-found': { status: 404, retryable: false, title: 'No such dead letter' },
  'not-pulled': { status: 404, retryable: false, title: 'No application pulls its messages here' },
  'route-not-found': { status: 404, retryable: false, title: 'No such route' },
  'method-not-allowed': { status: 405, retryable: false, title: 'The route has no such method' },
  'request-timeout': { status: 408, retryable: true, title: 'The request did not arrive in time' },
  'unknown-parent': { status: 409, retryable: false, title: 'The parent message is not known' },
  'dead-letters-busy': {
    status: 409,
    retryable: true,
    title: 'Another process is browsing the dead letters',
    retryAfterSeconds: 2,
  },
  'body-too-large': { status: 413, retryable: false, title: 'The body is too large' },
  'unsupported-content-encoding': { status: 415, retryable: false, title: 'The content encoding is not supported' },
  'unsupported-media-type': { status: 415, retryable: false, title: 'The media type is not supported' },
  'payload-refused': {
    status: 422,
    retryable: false,
    title: 'A value does not fit the type that the handler asks for',
  },
  'batch-refused': { status: 422, retryable: false, title: 'An entry of the batch has an error' },
  'not-convertible': { status: 422, retryable: false, title: 'The value cannot be converted' },
  'too-many-in-flight': { status: 429, retryable: true, title: 'Too much is in flight', retryAfterSeconds: 1 },
  'rate-limited': { status: 429, retryable: true, title: 'A limit is reached', retryAfterSeconds: 1 },
  'headers-too-large': { status: 431, retryable: false, title: 'The headers are too large' },
  'too-many-connections': {
    status: 503,
    retryable: true,
    title: 'The gateway has reached its maximum number of connections',
    retryAfterSeconds: 1,
  },
  'auth-unavailable': {
    status: 503,
    retryable: true,
    title: 'The credentials cannot be verified at the moment',
    retryAfterSeconds: 5,
  },
  'broker-unavailable': {
    status: 503,
    retryable: true,
    title: 'The broker cannot be reached',
    retryAfterSeconds: 1,
  },
  'broker-blocked': {
    status: 503,
    retryable: true,
    title: 'The broker accepts no messages at the moment',
    retryAfterSeconds: 5,
  },
  'not-bound': {
    status: 503,
    retryable: true,
    title: 'A queue is not bound to the bus at the moment',
    retryAfterSeconds: 5,
  },
  'write-refused': {
    status: 503,
    retryable: true,
    title: 'The broker user may not publish at the moment',
    retryAfterSeconds: 5,
  },
  'not-ready': { status: 503, retryable: true, title: 'The gateway is not ready', retryAfterSeconds: 1 },
  draining: { status: 503, retryable: true, title: 'This gateway is shutting down', retryAfterSeconds: 1 },
  nacked: {
    status: 503,
    retryable: true,
    title: 'The broker refused the message',
    retryAfterSeconds: 1,
    outcome: 'unknown',
  },
  'partly-published': {
    status: 503,
    retryable: true,
    title: 'Not every queue has the event',
    retryAfterSeconds: 1,
    outcome: 'unknown',
  },
  'confirm-timeout': {
    status: 504,
    retryable: true,
    title: 'The broker did not confirm in time',
    outcome: 'unknown',
  },
  'connection-lost': {
    status: 504,
    retryable: true,
    title: 'The connection to the broker was lost before it confirmed',
    outcome: 'unknown',
  },
  'internal-error': { status: 500, retryable: true, title: 'An unexpected error', outcome: 'unknown' },
  'expression-failed': { status: 422, retryable: false, title: 'The expression cannot be evaluated on this message' },
  'cannot-resolve': { status: 500, retryable: false, title: 'An argument of the handler cannot be resolved' },
  'handler-timeout': { status: 500, retryable: true, title: 'The handler did not finish in time' },
  'deduplication-unavailable': { status: 500, retryable: true, title: 'The deduplication store cannot be used' },
  expired: { status: 410, retryable: false, title: 'The time to live of the message has ended' },
  'malformed-message': { status: 422, retryable: false, title: 'The message is malformed' },
  'unreadable-message': { status: 500, retryable: false, title: 'A message in a queue cannot be decoded' },
  'no-handler': { status: 422, retryable: false, title: 'No handler for the message' },
  'missing-header': { status: 422, retryable: false, title: 'The message lacks a header' },
  'topology-mismatch': { status: 503, retryable: false, title: 'A queue or exchange exists with other arguments' },
  'invalid-configuration': { status: 500, retryable: false, title: 'The configuration is not valid' },
  'invalid-handlers': { status: 500, retryable: false, title: 'The handlers are not valid' },
  'wrong-usage': { status: 400, retryable: false, title: 'Wrong usage' },
} as const satisfies Record<string, ErrorRow>;

/** Names a row of the table: stable, for programs to compare. */
export type ErrorCode = keyof typeof errorTable;

/** The facts of an error beside its code and text. */
export interface ErrorDetails extends ErrorOptions {
  /** The message that was on its way, where there is one. */
  readonly messageId?: string | undefined;
  /** All issues, each with its path, for errors that can have several. */
  readonly issues?: readonly Issue[];
  /** HTTP headers that belong to the answer, such as `Allow`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The names of the limits that refused a request. */
  readonly violatedPolicies?: readonly string[];
  /** True if nothing is missing, and the broker only took too long, so that the same call can succeed at once. */
  readonly isLate?: boolean;
}

/** One issue of a value. */
export interface Issue {
  /** The place of the issue, as a JSON Pointer (RFC 6901). */
  readonly path: string;
  /** The reason, as the end of a sentence: `must be number`. */
  readonly message: string;
}

// A symbol of the global registry: two copies of the package in one process must recognise each other's errors.
const brand = Symbol.for('littoral.error');

/** An error that littoral raises on purpose, described by its row in the table. */
export class LittoralError extends Error {
  readonly [brand] = true;
  /** The name of the class. */
  override readonly name = 'LittoralError';
  /** The kind of error, stable, for programs to compare. */
  readonly code: ErrorCode;
  /** The id of the message that was being sent or handled, where there is one. */
  readonly messageId: string | undefined;
  /** All reasons, each with its path, where there can be several. */
  readonly issues: readonly Issue[] | undefined;
  /** HTTP headers that belong to the answer, such as `Allow`. */
  readonly headers: Readonly<Record<string, string>> | undefined;
  /** The names of the limits that refused a request. */
  readonly violatedPolicies: readonly string[] | undefined;
  /** See `ErrorDetails`. */
  readonly isLate: boolean;

  /**
   * @param code the row of the table
   * @param detail where, what, and what to do; never a payload or a secret
   * @param details the cause, and what else is known
   */
  constructor(code: ErrorCode, detail: string, details: ErrorDetails = {}) {
    super(detail, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.messageId = details.messageId;
    this.issues = details.issues;
    this.headers = details.headers;
    this.violatedPolicies = details.violatedPolicies;
    this.isLate = details.isLate ?? false;
  }

  /** The row of the table of errors. */
  get kind(): ErrorRow {
    return errorTable[this.code];
  }

  /** The HTTP status (RFC 9110 section 15) that a caller gets. */
  get status(): number {
    return this.kind.status;
  }

  /** True if the same request or delivery can succeed at a later time. */
  get retryable(): boolean {
    return this.kind.retryable;
  }

  /** The outcome of the message: not accepted, or unknown because it may have been sent. */
  get outcome(): Outcome {
    return this.kind.outcome ?? 'not-accepted';
  }
}

/** Recognises the errors of every copy of littoral. */
export function isLittoralError(error: unknown): error is LittoralError {
  try {
    return typeof error === 'object' && error !== null && brand in error;
  } catch {
    return false; // A proxy that was revoked.
  }
}

/**
 * Returns the message of a thrown value, which can be any value and can throw when it is read. `errorText` adds the
 * causes.
 */
export function errorMessage(error: unknown): string {
  try {
    if ((typeof error !== 'object' && typeof error !== 'function') || error === null) return String(error);
    const { message } = error as { message?: unknown };
    // Node reports a refused connection to several addresses as an aggregate without a message of its own.
    if (message === '' && error instanceof AggregateError) return error.errors.map(errorMessage).join('; ');
    if (error instanceof Error) return String(message);
    return typeof message === 'string' && message !== '' ? message : describeThrownValue(error);
  } catch {
    return 'an error that cannot be read';
  }
}
