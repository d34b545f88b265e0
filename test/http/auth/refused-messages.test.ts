import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createGateway } from '../../../src/gateway/gateway.ts';
import { eventually } from '../../broker/eventually.ts';
import { openStream } from '../stream/stream-client.ts';
import { bearer, keyOf, keysOf } from './callers.ts';

async function loggingGateway() {
  const lines: Record<string, unknown>[] = [];
  const logger = pino({ level: 'warn' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const config = { service: 'shop', auth: { keys: keysOf({ one: ['event:mine.*'] }) } };
  const gateway = createGateway(config, { environment: {}, logger });
  onTestFinished(() => gateway.stop());
  await gateway.start();
  return { gateway, lines };
}

const headers = { ...bearer(keyOf('one')), 'content-type': 'application/json' };
const event = (routingKey: string) => ({ kind: 'event', routingKey, payload: 1 });
const refusedTwice = {
  code: 'insufficient-scope',
  count: 2,
  reason: "The caller 'one' has no grant for event:other.b.",
  msg: 'messages of a request refused',
};

describe('messages that a caller may not send', () => {
  test.each([
    ['beside others', {}, [event('mine.a'), event('other.b'), event('other.c')], 207],
    ['alone', {}, [event('other.b'), event('other.c')], 403],
    ['checked first', { prefer: 'handling=strict' }, [event('other.b'), event('other.c')], 422],
  ])('are logged once for a batch, %s', async (_, more, entries, status) => {
    const { gateway, lines } = await loggingGateway();
    const payload = { entries };
    const answer = await gateway.app.inject({
      method: 'POST',
      url: '/batch',
      headers: { ...headers, ...more },
      payload,
    });
    expect(answer.statusCode).toBe(status);
    await eventually(() => expect(lines).toEqual([expect.objectContaining({ ...refusedTwice, path: '/batch' })]));
  });

  test('are logged once for a stream', async () => {
    const { gateway, lines } = await loggingGateway();
    const stream = await openStream(gateway, bearer(keyOf('one')));
    stream.send(event('mine.a'), event('other.b'), event('other.c'));
    expect(await stream.end()).toMatchObject({ accepted: 1, failed: 2 });
    await eventually(() => expect(lines).toEqual([expect.objectContaining({ ...refusedTwice, path: '/stream' })]));
  });

  test('are logged for a stream that is cut off', async () => {
    const { gateway, lines } = await loggingGateway();
    const stream = await openStream(gateway, bearer(keyOf('one')));
    stream.send(event('other.b'), event('other.c'));
    await stream.answered(2);
    stream.request.destroy();
    await eventually(() => expect(lines).toEqual([expect.objectContaining(refusedTwice)]));
  });

  test('are not logged a second time for a request with one message', async () => {
    const { gateway, lines } = await loggingGateway();
    const url = '/events/other.b';
    expect((await gateway.app.inject({ method: 'POST', url, headers, payload: '1' })).statusCode).toBe(403);
    const cloudEvent = { specversion: '1.0', id: '1', source: '/s', type: 'other.b' };
    const more = { ...headers, 'content-type': 'application/cloudevents+json' };
    const ofEvent = {
      method: 'POST',
      url: '/cloudevents',
      headers: more,
      payload: JSON.stringify(cloudEvent),
    } as const;
    expect((await gateway.app.inject(ofEvent)).statusCode).toBe(403);
    expect(lines.map(({ msg }) => msg)).toEqual(['credentials refused', 'credentials refused']);
  });
});
