import { type ErrorDetails, LittoralError } from '../../errors.ts';

/** Returns the error for a message that was not sent because the broker cannot be used. @param reason a clause */
export function notSent(reason: string, details: ErrorDetails = {}): LittoralError {
  return new LittoralError('broker-unavailable', `Nothing was sent: ${reason}.`, details);
}
