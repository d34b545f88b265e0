import { isLittoralError, LittoralError } from '../../../errors.ts';
import { queueBusy } from '../../queue-busy.ts';
import { isExclusive } from '../broker-replies.ts';
import { withRemedy } from '../declaration-remedy.ts';

/** The progress of a browse. */
export interface BrowseState {
  readonly queue: string;
  readonly visited: number;
  readonly total: number;
  /** True if something was to be removed that can still be there. */
  readonly inDoubt: boolean;
}

/** Returns the error of a browse that ended early. */
export function browseFailure(error: unknown, { queue, visited, total, inDoubt }: BrowseState): LittoralError {
  if (isLittoralError(error)) return error;
  const text = error === undefined ? 'the connection ended' : withRemedy(error);
  if (isExclusive(error)) return queueBusy(queue, error);
  const progress = total === 0 ? 'did not begin' : `ended after ${visited} of ${total} messages`;
  const ended = `Browsing '${queue}' ${progress}: ${text}.`;
  if (!inDoubt) return new LittoralError('broker-unavailable', ended, { cause: error });
  const doubt = 'Dead letters that were replayed or deleted just before can still be there.';
  return new LittoralError('connection-lost', `${ended} ${doubt}`, { cause: error });
}

/**
 * Returns whether amqplib ended a connection over bytes that it cannot decode: it then throws what its code ran into.
 */
export function cannotBeDecoded(error: unknown): boolean {
  return error instanceof RangeError || error instanceof TypeError || error instanceof SyntaxError;
}

export function unreadableMessage(queue: string, position: number, cause: unknown): LittoralError {
  return new LittoralError(
    'unreadable-message',
    `The message at position ${position} of '${queue}' cannot be decoded, so nothing from there on can be seen. ` +
      "RabbitMQ's own tools can take it out: the management UI, rabbitmqadmin get, or rabbitmqctl purge_queue for all.",
    { cause },
  );
}
