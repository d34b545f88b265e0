import { type ErrorCode, type Issue, LittoralError } from '../../errors.ts';

/** The field of an entry that each error concerns. */
const fieldOfCode: Partial<Record<ErrorCode, string>> = {
  'invalid-key': '/routingKey',
  'destination-not-found': '/destination',
  'no-subscriber': '/routingKey',
  'not-permitted': '/routingKey',
  'insufficient-scope': '/routingKey',
  'unsupported-media-type': '/contentType',
  'malformed-body': '/payload',
  'not-convertible': '/payload',
  'payload-refused': '/payload',
  'body-too-large': '/payload',
  'reserved-header': '/headers',
  'invalid-header': '/headers',
  'headers-too-large': '/headers',
  'unknown-parent': '/parentId',
};

/** Errors whose issues have paths within the payload. */
const ofPayload: ReadonlySet<ErrorCode> = new Set(['payload-refused', 'not-convertible', 'malformed-body']);

/** Adds the place of an entry to an error of reading it. */
export function readingError(error: LittoralError, place: string): LittoralError {
  // Other errors without issues concern the whole entry.
  const path = error.code === 'unknown-parent' ? '/parentId' : '';
  return placed(
    error,
    error.issues ?? [{ path, message: error.code === 'malformed-body' ? ownReason(error) : reasonOf(error) }],
    place,
  );
}

/**
 * Adds the place of the wrong field to an error of sending an entry.
 *
 * @param place a JSON Pointer to the entry, such as `/entries/3`
 */
export function sendingError(error: LittoralError, place: string): LittoralError {
  const field = fieldOfCode[error.code];
  if (field === undefined) return error;
  const inner = ofPayload.has(error.code) ? error.issues : undefined;
  if (inner === undefined || inner.length === 0)
    return placed(error, [{ path: field, message: reasonOf(error) }], place);
  return placed(
    error,
    inner.map(({ path, message }) => ({ path: `${field}${path}`, message })),
    place,
  );
}

/** Returns the text of an error as an issue: it begins with a small letter, and has no period. */
function ownReason({ message }: LittoralError): string {
  return (message.charAt(0).toLowerCase() + message.slice(1)).replace(/\.$/, '');
}

function reasonOf(error: LittoralError): string {
  return error.kind.title.charAt(0).toLowerCase() + error.kind.title.slice(1);
}

function placed(error: LittoralError, issues: readonly Issue[], place: string): LittoralError {
  const { code, message, messageId, headers, isLate, cause } = error;
  const there = issues.map((issue) => ({ path: `${place}${issue.path}`, message: issue.message }));
  const details = { messageId, issues: there, isLate, cause };
  return new LittoralError(code, message, headers ? { ...details, headers } : details);
}
