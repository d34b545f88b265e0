import { describe, expect, test } from 'vitest';
import { defaults } from '../../src/config/defaults.ts';
import { InProcessDeduplicationStore } from '../../src/deduplication/stores/in-process-deduplication-store.ts';
import { createPipeline } from '../../src/endpoint/pipeline.ts';
import { Deduplication } from '../../src/endpoint/stages/deduplication.ts';
import type { Delivery } from '../../src/engine/delivery.ts';
import type { HandlerDefinition } from '../../src/handler/handler-definition.ts';
import { HandlerRegistry } from '../../src/handler/handler-registry.ts';
import { systemClock } from '../../src/time/clock.ts';
import { transportToMessage } from '../../src/wire/transport-to-message.ts';
import { bareScopes } from '../handler/bare-scopes.ts';
import { quietLogger } from '../logs/quiet-logger.ts';
import { parameterContext } from '../parameter/parameter-context.ts';
import { commandHeaders, onCommand } from './endpoint-fixture.ts';

const logger = quietLogger();
const transport = { headers: commandHeaders, body: Buffer.from('{}') };
const delivery = {
  message: transport,
  viaBus: true,
  routingKey: 'billing',
  redelivered: false,
  deliveryCount: 0,
  isLost: false,
  acknowledge() {},
  release() {},
  reject() {},
} as Delivery;

/** A pipeline with deduplication, and a call of one handler. */
function prepare(handle: HandlerDefinition['handle'], instantRetries = 0) {
  const stopping = new AbortController();
  const store = new InProcessDeduplicationStore({ windowMs: 1000, maxEntries: 10, clock: systemClock });
  const pipeline = createPipeline({
    scopes: bareScopes,
    handlerTimeoutMs: 60_000,
    retries: { ...defaults.retries, instant: { maxAttempts: instantRetries } },
    deduplication: new Deduplication({ service: 'billing', store, enabled: true, timeoutMs: 1000, logger }),
    stopping: stopping.signal,
    logger,
  });
  const [handler] = new HandlerRegistry([onCommand(handle)], parameterContext()).handlers();
  const message = transportToMessage(transport);
  const call = (expiresAtMs?: number) => {
    const timeToLive = expiresAtMs === undefined ? undefined : { expiresAtMs, wallMs: () => 1000 };
    if (handler === undefined) return expect.fail('there is a handler');
    return pipeline.call({ handler, message, delivery, timeToLive, attempt: 1 });
  };
  return { pipeline, call, stopping };
}

const handled = (value: unknown) => ({ kind: 'handled', endpointId: 'change', value });

describe('the pipeline of a handler', () => {
  test('stays synchronous where the handler is, deduplication included', () => {
    const { call } = prepare(() => 7);
    expect([call(), call()]).toEqual([handled(7), { kind: 'duplicate' }]);
  });

  test('waits for a handler that is asynchronous', async () => {
    const { call } = prepare(async () => 7);
    const result = call();
    expect(result).toBeInstanceOf(Promise);
    expect([await result, await call()]).toEqual([handled(7), { kind: 'duplicate' }]);
  });

  test('returns an error with the number of calls, and does not throw', async () => {
    const error = new Error('of the handler');
    const { call } = prepare(() => {
      throw error;
    }, 2);
    expect(await call()).toMatchObject({ kind: 'failed', error, endpointId: 'change', attempts: 3 });
  });

  test('does not call a handler whose message has expired', async () => {
    const { call } = prepare(() => expect.fail('too late'));
    expect(await call(1000)).toMatchObject({ kind: 'failed', error: { code: 'expired' }, attempts: 0 });
    expect(prepare(() => 7).call(1001)).toEqual(handled(7));
  });

  test('retries nothing immediately while the service stops', async () => {
    const { call, stopping } = prepare(() => Promise.reject(new Error('of the handler')), 1);
    stopping.abort();
    expect(await call()).toMatchObject({ kind: 'failed', attempts: 1 });
  });

  test('contains a result that throws when it is read', async () => {
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    const { call } = prepare(() => revoked.proxy);
    expect(await call()).toMatchObject({ kind: 'failed', error: expect.any(TypeError) });
  });
});
