import { LittoralError } from '../errors.ts';
import { isMessageId } from '../message/message-id.ts';

/** The place at which a list continues. */
export interface DeadLetterCursor {
  /** The dead letter that comes next. */
  readonly nextId: string;
  /** Its position at that time. It can only move towards the beginning, because messages before it can leave. */
  readonly nextPosition: number;
  /** The last one that was listed. */
  readonly lastId: string;
  /** The time at which the last one became a dead letter: milliseconds since 1970, 0 if it is unknown. */
  readonly lastTimeMs: number;
}

/** Encodes a cursor as text that fits into a URL. */
export function encodeCursor({ nextId, nextPosition, lastId, lastTimeMs }: DeadLetterCursor): string {
  return Buffer.from(JSON.stringify([nextId, nextPosition, lastId, lastTimeMs])).toString('base64url');
}

/** @throws LittoralError `malformed-request` for what `encodeCursor` did not make */
export function decodeCursor(text: string): DeadLetterCursor {
  const fields: unknown = parsed(Buffer.from(text, 'base64url').toString());
  if (!Array.isArray(fields)) throw malformed();
  const [nextId, nextPosition, lastId, lastTimeMs] = fields as unknown[];
  if (!isId(nextId) || !isId(lastId) || !isCount(nextPosition) || !isCount(lastTimeMs)) throw malformed();
  return { nextId, nextPosition, lastId, lastTimeMs };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed();
  }
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && isMessageId(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function malformed(): LittoralError {
  return new LittoralError('malformed-request', "'after' is not what an earlier page gave as 'next'.");
}
