import { type ErrorCode, isLittoralError } from '../errors.ts';

/**
 * The reason why a message is a dead letter, as a word for programs. The broker has other words, such as
 * `delivery_limit`.
 */
export type DeadLetterReason = 'failed' | 'expired' | 'unhandled' | 'malformed' | 'undecodable' | 'refused';

const reasons: Partial<Readonly<Record<ErrorCode, DeadLetterReason>>> = {
  expired: 'expired',
  'no-handler': 'unhandled',
  'malformed-message': 'malformed',
  'malformed-body': 'undecodable',
  'unsupported-media-type': 'undecodable',
  'unsupported-content-encoding': 'undecodable',
  'body-too-large': 'undecodable',
  'payload-refused': 'refused',
  'missing-header': 'refused',
};

/**
 * Finds the word for what a message failed with.
 *
 * @returns `failed` for every error that the handler itself may have thrown
 */
export function reasonOf(error: unknown): DeadLetterReason {
  try {
    return (isLittoralError(error) && reasons[error.code]) || 'failed';
  } catch {
    return 'failed';
  }
}
