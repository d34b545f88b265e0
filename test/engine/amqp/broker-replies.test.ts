import { describe, expect, test } from 'vitest';
import { isAbsent, isExclusive, isMismatch } from '../../../src/engine/amqp/broker-replies.ts';
import { parseAmqpUrl } from '../../../src/engine/amqp/connection/amqp-url.ts';
import { withRemedy } from '../../../src/engine/amqp/declaration-remedy.ts';
import { refusalText } from '../../../src/engine/amqp/refusal-text.ts';

/** Creates the error that amqplib throws for the broker's answer to a declaration. */
function answer(code: number, text: string): Error {
  return Object.assign(new Error(`Operation failed: QueueDeclare; ${code} (NAME) with message "${text}"`), { code });
}

const texts = {
  absent: answer(404, "NOT_FOUND - no queue 'q' in vhost '/'"),
  absentExchange: answer(404, "NOT_FOUND - no exchange 'e' in vhost '/'"),
  down: answer(404, "NOT_FOUND - queue 'q' in vhost '/' process is stopped by supervisor"),
  nodeDown3: answer(404, "NOT_FOUND - home node 'rabbit@b' of durable queue 'q' in vhost '/' is down or inaccessible"),
  nodeDown4: answer(404, "NOT_FOUND - failed to perform operation on queue 'q' in vhost '/' due to timeout"),
  mismatch3: answer(
    406,
    "PRECONDITION_FAILED - inequivalent arg 'x-queue-type' for queue 'q' in vhost '/': received the value 'quorum' of type 'longstr' but current is none",
  ),
  mismatch4: answer(
    406,
    "PRECONDITION_FAILED - inequivalent arg 'x-queue-type' for queue 'q' in vhost '/': received 'quorum' but current is 'classic'",
  ),
  mismatchExchange: answer(
    406,
    "PRECONDITION_FAILED - inequivalent arg 'type' for exchange 'e' in vhost '/': received 'topic' but current is 'direct'",
  ),
  limit: answer(406, "PRECONDITION_FAILED - cannot declare queue 'q': queue limit in vhost '/' (1) is reached"),
  clusterLimit: answer(406, "PRECONDITION_FAILED - cannot declare queue 'q': queue limit in cluster (1) is reached"),
  exchangeLimit: answer(406, "PRECONDITION_FAILED - cannot declare exchange 'e': exchange limit of 1 is reached"),
  locked: answer(
    405,
    "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue 'q' in vhost '/'. It could be originally declared on another connection or the exclusive property value does not match that of the original declaration.",
  ),
  inUse: answer(403, "ACCESS_REFUSED - queue 'q' in vhost '/' in exclusive use"),
  forbidden3: answer(403, "ACCESS_REFUSED - access to queue 'q' in vhost '/' refused for user 'u'"),
  forbidden4: answer(403, "ACCESS_REFUSED - configure access to queue 'q' in vhost '/' refused for user 'u'"),
};

const namesOf = (matches: (error: unknown) => boolean) =>
  Object.entries(texts)
    .filter(([, error]) => matches(error))
    .map(([name]) => name);

describe("the broker's answer to a declaration", () => {
  test('is read by its text, not by its code alone', () => {
    expect(namesOf(isAbsent)).toEqual(['absent', 'absentExchange']);
    expect(namesOf(isMismatch)).toEqual(['mismatch3', 'mismatch4', 'mismatchExchange']);
    expect(namesOf(isExclusive)).toEqual(['locked', 'inUse']);
  });

  test.each([
    ['limit', 'set_vhost_limits'],
    ['clusterLimit', 'delete queues'],
    ['exchangeLimit', 'Raise the limit'],
    ['forbidden3', 'set_permissions'],
    ['forbidden4', 'set_permissions'],
    ['locked', 'Another connection'],
    ['nodeDown3', 'Its node is down'],
    ['nodeDown4', 'Its node is down'],
  ] as const)('of the kind %s comes with its remedy', (name, remedy) => {
    expect(withRemedy(texts[name])).toContain(`${texts[name].message}. `);
    expect(withRemedy(texts[name])).toContain(remedy);
    expect(withRemedy(texts[name])).not.toMatch(/\.$/);
  });

  test.each(['absent', 'mismatch4', 'down'] as const)('is returned unchanged for the kind %s', (name) => {
    expect(withRemedy(texts[name])).toBe(texts[name].message);
  });
});

describe("the broker's text at the end of a connection", () => {
  const address = parseAmqpUrl('amqp://shop:secret-word@host/orders');

  test.each([
    [320, "CONNECTION_FORCED - vhost 'orders' is down", 'restart_vhost'],
    [530, 'NOT_ALLOWED - vhost orders not found', 'add_vhost'],
    [320, "CONNECTION_FORCED - vhost 'orders' is deleted", 'was deleted'],
    [320, "CONNECTION_FORCED - user 'shop' is deleted", "the user 'shop' was deleted"],
    [320, "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'", 'is shutting down'],
    [320, 'CONNECTION_FORCED - Closed via management plugin', 'an operator closed'],
    [541, 'INTERNAL_ERROR', 'majority'],
    [
      530,
      "NOT_ALLOWED - number of channels opened for user 'shop' has reached the maximum allowed user limit of (5)",
      'max-channels',
    ],
    [530, "NOT_ALLOWED - connection refused for user 'shop': user connection limit (1) is reached", 'set_user_limits'],
  ])('say what to do: %i %s', (code, text, part) => {
    expect(refusalText(code, text, address)).toContain(part);
    expect(refusalText(code, text, address)).toContain(`(${code} ${text})`);
  });
});
