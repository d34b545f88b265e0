import { errorMessage } from '../../errors.ts';
import { replyCode } from './broker-replies.ts';

interface Remedy {
  readonly code: number;
  readonly text: RegExp;
  readonly remedy: string;
}

// Matches the texts of RabbitMQ 3.x and 4.x. For any other error, the broker's own text has to be enough.
const remedies: readonly Remedy[] = [
  {
    code: 406,
    // "queue limit in vhost 'x' (1) is reached"; "queue limit in cluster (1) is reached"; "exchange limit of 1 is
    // reached"
    text: /\b(?:queue|exchange) limit\b.* is reached/,
    remedy:
      'Raise the limit (max-queues of the vhost with rabbitmqctl set_vhost_limits), or delete queues that are not ' +
      'used; the gateway tries again by itself',
  },
  {
    code: 403,
    text: /\baccess to (?:queue|exchange) .* refused/,
    remedy:
      'Permit it with rabbitmqctl set_permissions: configure to declare it, write on a queue and read on the exchange ' +
      'to bind it, read to consume it. Or have it declared by another user: a queue or an exchange that exists is used ' +
      'as it is. The gateway tries again by itself',
  },
  {
    code: 405,
    text: /\bexclusive access to locked queue\b/,
    remedy: 'Another connection declared the queue as exclusive. Close that connection, or choose another service name',
  },
  {
    code: 404,
    text: /\bis down or inaccessible\b|\bdue to timeout\b/,
    remedy: 'Its node is down, or does not answer. Look at the cluster; the gateway tries again by itself',
  },
];

/** Returns what to do about a refused declaration; undefined if only the broker's text is known. */
function declarationRemedy(error: unknown): string | undefined {
  const code = replyCode(error);
  const text = errorMessage(error);
  return remedies.find((each) => each.code === code && each.text.test(text))?.remedy;
}

/** Returns the broker's text, followed by what to do if that is known, without the final full stop. */
export function withRemedy(error: unknown, words = errorMessage(error)): string {
  const remedy = declarationRemedy(error);
  return remedy === undefined ? words : `${words}. ${remedy}`;
}
