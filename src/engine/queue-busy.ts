import { LittoralError } from '../errors.ts';

/** Returns the error of a browse that another browse, or a consumer, excludes. */
export function queueBusy(queue: string, cause?: unknown): LittoralError {
  return new LittoralError(
    'dead-letters-busy',
    `Another call or program browses '${queue}', or consumes it. Try again when it has finished.`,
    { cause },
  );
}
