import type { Config } from 'littoral';
import { defineCommandHandler } from 'littoral';
import { startTestGateway } from 'littoral/testing';
import Type from 'typebox';
import { describe, expect, onTestFinished, test } from 'vitest';
import { expectProblem, openGateway, post } from '../http/gateway-fixture.ts';

const handled: unknown[] = [];
const config: Config = {
  service: 'shop',
  maxDecodedBytes: 1000,
  handlers: [
    defineCommandHandler({
      routingKey: 'note',
      distributed: true,
      payload: Type.String(),
      handle: (note) => handled.push(note),
    }),
  ],
};

describe('a payload that is larger than maxDecodedBytes', () => {
  test('becomes a dead letter that says so, and the next message is handled', async () => {
    const gateway = await startTestGateway(config);
    onTestFinished(() => gateway.stop());
    const large = gateway.sendCommand('note', 'x'.repeat(1001));
    await expect(large).rejects.toThrow('has 1001 bytes; no more than 1000 are decoded (maxDecodedBytes)');
    expect(gateway.deadLetters).toMatchObject([{ endpointId: 'note', error: { code: 'body-too-large' } }]);
    await gateway.sendCommand('note', 'short');
    expect(handled).toEqual(['short']);
  });

  test('is refused over HTTP where it would be decoded, and passed on where it would not', async () => {
    const gateway = await openGateway(config);
    const json = { 'content-type': 'application/json' };
    const body = JSON.stringify('x'.repeat(1000));
    expectProblem(await post(gateway, { url: '/commands/shop/note', headers: json, body }), 'body-too-large');
    const toXml = { ...json, 'message-content-type': 'application/xml' };
    expectProblem(await post(gateway, { url: '/events/noted', headers: toXml, body }), 'body-too-large');
    expect((await post(gateway, { url: '/events/noted', headers: json, body })).statusCode).toBe(202);
  });
});
