import type { Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../../../broker/eventually.ts';
import { useVhost } from '../../../broker/use-vhost.ts';
import { turns } from '../../../endpoint/endpoint-fixture.ts';
import { createAmqpEngine } from '../create-amqp-engine.ts';
import { methods, wayOfFrames } from '../way-of-frames.ts';
import { wayToBroker } from '../way-to-broker.ts';

const vhost = useVhost();

/** A way to the broker that holds back what it says until it is opened. */
async function heldWay(url: string) {
  const clients = new Set<Socket>();
  const held: (() => void)[] = [];
  let isOpen = false;
  const way = await wayToBroker(url, (client, broker) => {
    clients.add(client);
    client.on('close', () => clients.delete(client));
    client.pipe(broker);
    broker.on('data', (bytes: Buffer) => (isOpen ? client.write(bytes) : held.push(() => client.write(bytes))));
  });
  return {
    url: way,
    clients,
    open() {
      isOpen = true;
      for (const write of held.splice(0)) write();
    },
  };
}

test('a channel that is closed while its connection is prepared does not wait for a silent broker', {
  timeout: 40_000,
}, async () => {
  let isAsked = false;
  const url = await wayOfFrames(vhost.url, (method) => {
    isAsked ||= method === methods.openOk;
    return method === methods.openOk;
  });
  const channel = createAmqpEngine({ url, service: 'silent' });
  const started = channel.start();
  await eventually(() => expect(isAsked).toBe(true));
  await channel.close(600_000);
  await started;
});

test('a channel that is closed while it connects waits for that, and leaves no connection and no error behind', async () => {
  const errors: unknown[] = [];
  const note = (error: unknown) => errors.push(error);
  process.on('uncaughtException', note);
  onTestFinished(() => void process.off('uncaughtException', note));
  const way = await heldWay(vhost.url);
  const channel = createAmqpEngine({ url: way.url, service: 'closing' });
  const started = channel.start();
  await eventually(() => expect(way.clients.size).toBeGreaterThan(0));
  let isClosed = false;
  const closing = channel.close(20_000).then(() => {
    isClosed = true;
  });
  await turns();
  expect(isClosed).toBe(false);
  way.open();
  await Promise.all([started, closing]);
  await eventually(() => expect(way.clients.size).toBe(0));
  expect(errors).toEqual([]);
});
