import { describe, expect, test } from 'vitest';
import {
  fitsRefusal,
  readPublishRefusal,
  refusedPublish,
} from '../../../../src/engine/amqp/publish/publish-refusal.ts';

/** Creates the error that amqplib throws for the broker's `channel.close`. */
function closed(code: number, text: string): Error {
  const name = { 403: 'ACCESS-REFUSED', 404: 'NOT-FOUND', 406: 'PRECONDITION-FAILED' }[code] ?? 'OTHER';
  return Object.assign(new Error(`Channel closed by server: ${code} (${name}) with message "${text}"`), { code });
}

const bus = (routingKey: string) => ({ exchange: 'ecotone.distributed', routingKey });

describe('the refusal of a publish', () => {
  test.each([
    [
      'key',
      403,
      "ACCESS_REFUSED - access to topic 'a.b' in exchange 'ecotone.distributed' in vhost '/' refused for user 'u'",
    ],
    [
      'key',
      403,
      "ACCESS_REFUSED - write access to topic 'a.b' in exchange 'ecotone.distributed' in vhost '/' refused for user 'u'",
    ],
    ['exchange', 403, "ACCESS_REFUSED - access to exchange 'ecotone.distributed' in vhost '/' refused for user 'u'"],
    [
      'exchange',
      403,
      "ACCESS_REFUSED - write access to exchange 'ecotone.distributed' in vhost '/' refused for user 'u'",
    ],
    ['exchange', 403, "ACCESS_REFUSED - cannot publish to internal exchange 'ecotone.distributed' in vhost '/'"],
    ['absent', 404, "NOT_FOUND - no exchange 'ecotone.distributed' in vhost '/'"],
    ['size', 406, 'PRECONDITION_FAILED - message size 11 is larger than configured max size 10'],
    ['size', 406, 'PRECONDITION_FAILED - message size 11 is larger than max size 10'],
  ])('is read as one of %s (%i): %s', (kind, code, text) => {
    const refusal = readPublishRefusal(closed(code, text));
    expect(refusal).toMatchObject({ kind, text, maxBytes: kind === 'size' ? 10 : undefined });
    if (!refusal) return;
    expect(fitsRefusal(refusal, bus('a.b'), 11)).toBe(true);
    expect(fitsRefusal(refusal, bus('a.bc'), 11)).toBe(kind !== 'key');
    expect(fitsRefusal(refusal, { exchange: 'other', routingKey: 'a.b' }, 10)).toBe(false);
  });

  test.each([
    closed(406, "PRECONDITION_FAILED - invalid expiration 'x': no_integer"),
    closed(406, 'PRECONDITION_FAILED - fast reply consumer does not exist'),
    closed(404, "NOT_FOUND - no queue 'message size 11 is larger than max size 10' in vhost '/'"),
    closed(403, "ACCESS_REFUSED - read access to queue 'x' in vhost '/' refused for user 'u'"),
    closed(541, 'INTERNAL_ERROR'),
    new Error("NOT_FOUND - no exchange 'a' in vhost '/'"),
    undefined,
  ])('is not read from an error that names no publish: %s', (error) => {
    expect(readPublishRefusal(error)).toBeUndefined();
  });

  test('names the default exchange by the name that RabbitMQ has for it', () => {
    const refusal = readPublishRefusal(
      closed(403, "ACCESS_REFUSED - access to exchange 'amq.default' in vhost '/' refused for user 'u'"),
    );
    expect(refusal && fitsRefusal(refusal, { exchange: '', routingKey: 'q' }, 1)).toBe(true);
    expect(refusal && refusedPublish(refusal, { exchange: '', routingKey: 'q' }, 1)).toMatchObject({
      code: 'not-permitted',
      retryable: false,
    });
  });

  test('fits every key with the same beginning if the text was cut off', () => {
    const text = `ACCESS_REFUSED - access to topic '${'k'.repeat(250)}`.slice(0, 252);
    const refusal = readPublishRefusal(closed(403, `${text}...`));
    expect(refusal && fitsRefusal(refusal, bus('k'.repeat(250)), 1)).toBe(true);
    expect(refusal && fitsRefusal(refusal, bus('k'.repeat(230)), 1)).toBe(true);
    expect(refusal && fitsRefusal(refusal, bus('k'.repeat(30)), 1)).toBe(false);
  });

  test('is final for a key and a size, and temporary for the whole bus', () => {
    const refusal = (kind: 'key' | 'exchange' | 'size' | 'absent') =>
      refusedPublish({ kind, text: 'what it says', maxBytes: 10 }, bus('a'), 11);
    expect(refusal('key')).toMatchObject({
      code: 'not-permitted',
      status: 403,
      retryable: false,
      outcome: 'not-accepted',
    });
    expect(refusal('size')).toMatchObject({
      code: 'body-too-large',
      status: 413,
      retryable: false,
      outcome: 'not-accepted',
    });
    expect(refusal('exchange')).toMatchObject({
      code: 'write-refused',
      status: 503,
      retryable: true,
      outcome: 'not-accepted',
    });
    expect(refusal('absent')).toMatchObject({ code: 'broker-unavailable', retryable: true, outcome: 'not-accepted' });
  });
});
