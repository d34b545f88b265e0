import { describe, expect, test } from 'vitest';
import { eventually } from '../../broker/eventually.ts';
import { openGateway, openQueue, post } from '../gateway-fixture.ts';
import { openWire, type Wire } from '../wire.ts';

const batchOf = (payload: number) =>
  JSON.stringify({ entries: [{ kind: 'event', routingKey: 'order.placed', payload }] });

function sendBatch(wire: Wire, body: string): void {
  wire.write(
    `POST /batch HTTP/1.1\nHost: localhost\nContent-Type: application/json\nContent-Length: ${body.length}\n\n${body}`,
  );
}

describe('a batch whose caller has disconnected', () => {
  test('is not sent if it was still waiting for room', async () => {
    const gateway = await openGateway({ broker: { maxInFlight: 1 } });
    const arrived = openQueue(gateway, 'billing', ['order.#']);
    const { channel } = gateway;
    const { publish } = channel;
    let confirm = () => {};
    const confirmed = new Promise<void>((resolve) => {
      confirm = resolve;
    });
    let isHeld = false;
    channel.publish = async (publication) => {
      channel.publish = publish;
      isHeld = true;
      await confirmed;
      return publish.call(channel, publication);
    };
    const first = await openWire(gateway);
    sendBatch(first, batchOf(1));
    await eventually(() => expect(isHeld).toBe(true));
    const gone = new Promise<void>((resolve) => {
      gateway.app.server.once('request', (_, response) => response.once('close', resolve));
    });
    const second = await openWire(gateway);
    sendBatch(second, batchOf(2));
    second.socket.end();
    second.socket.destroy();
    await gone;
    const third = post(gateway, {
      ...{ url: '/batch', headers: { 'content-type': 'application/json' }, body: batchOf(3) },
    });
    confirm();
    await first.answered(/^HTTP\/1.1 202 /);
    expect((await third).statusCode).toBe(202);
    expect(arrived().map(({ body }) => String(Buffer.from(body)))).toEqual(['1', '3']);
  });
});

describe('the answer to a batch', () => {
  test('counts in http.maxInFlightBytes until its caller has read it', async () => {
    const gateway = await openGateway({ http: { bodyLimit: 1000, batchBodyLimit: 1000, maxInFlightBytes: 2000 } });
    let end: (() => void) | undefined;
    gateway.app.server.prependOnceListener('request', (_, response) => {
      const { end: send } = response;
      response.end = (...args: unknown[]) => {
        end = () => Reflect.apply(send, response, args);
        return response;
      };
    });
    const wire = await openWire(gateway);
    sendBatch(wire, JSON.stringify({ entries: Array.from({ length: 50 }, () => 1) }));
    await eventually(() => expect(end).toBeDefined());
    const status = async () => {
      const single = await openWire(gateway);
      single.write('POST /events/a HTTP/1.1\nHost: localhost\nContent-Type: text/plain\nContent-Length: 2\n\nxx');
      await single.answered(/^HTTP/);
      return single.received().slice(9, 12);
    };
    expect(await status()).toBe('429');
    end?.();
    await wire.answered(/^HTTP\/1.1 400 /);
    await eventually(async () => expect(await status()).toBe('202'));
  });
});
