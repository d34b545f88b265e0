import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { DelayedMessageForwarder } from '../../src/delay/delayed-message-forwarder.ts';
import { InMemoryEngine } from '../../src/engine/in-memory/in-memory-engine.ts';
import type { Publication } from '../../src/engine/publication.ts';
import { type ErrorCode, LittoralError } from '../../src/errors.ts';
import { Header, type MessageHeaders } from '../../src/message/message-headers.ts';
import { deadLetterQueue, dueQueue, serviceQueue } from '../../src/wire/service-queue.ts';
import { commandHeaders, eventHeaders, turns } from '../endpoint/endpoint-fixture.ts';
import { freezeTime, pass } from '../endpoint/frozen-time.ts';
import { RecordingEngine } from '../endpoint/recording-engine.ts';

// Nothing of this waits for real time.
freezeTime();

const dueCommand = { ...commandHeaders, [Header.serviceTarget]: 'billing' };
const dueEvent: MessageHeaders = { ...eventHeaders, [Header.serviceTarget]: 'order.placed' };

/** The due messages of the service `shop`, beside the queue of `billing`, which nobody empties. */
async function runDueMessages({ checkDestinations = true } = {}) {
  const channel = new RecordingEngine(new InMemoryEngine());
  await channel.start();
  onTestFinished(() => channel.close(0));
  const queue = serviceQueue('billing');
  const bindingKeys = ['billing', 'order.*'];
  const billing = { queue, deadLetterQueue: deadLetterQueue('billing'), bindingKeys, prefetch: 1, onDelivery() {} };
  await channel.subscribe(billing).stop();
  const log: Record<string, unknown>[] = [];
  const logger = pino({ level: 'trace', base: undefined }, { write: (line: string) => log.push(JSON.parse(line)) });
  const due = new DelayedMessageForwarder({ service: 'shop', channel, checkDestinations, logger });
  due.start();
  return {
    channel,
    due,
    log,
    async arrive(headers: MessageHeaders, body = '{}') {
      await channel.publish({ to: dueQueue('shop'), message: { headers, body: Buffer.from(body) } });
      await turns();
    },
    waiting: () => channel.messages(queue),
    left: () => channel.messages('littoral_shop_due'),
    deadLetters: () => channel.messages(deadLetterQueue('shop')),
  };
}

/** Lets so many publishes on the bus fail. */
function failing(channel: RecordingEngine, failures: number, code: ErrorCode): void {
  let left = failures;
  channel.beforePublish = ({ to }) => {
    if ('bus' in to && left-- > 0) throw new LittoralError(code, 'of the channel');
  };
}

describe('a message that is due', () => {
  test('is published as it was sent, then acknowledged', async () => {
    const { arrive, channel, waiting, deadLetters } = await runDueMessages();
    const published: Publication[] = [];
    channel.beforePublish = (publication) => {
      if ('bus' in publication.to) expect(channel.verdicts).toEqual([]);
      published.push(publication);
    };
    await arrive({ ...dueCommand, [Header.timeToLive]: 60_000 }, '{"a":1}');
    expect(waiting().map(({ body }) => Buffer.from(body).toString())).toEqual(['{"a":1}']);
    expect(waiting()[0]?.headers).toEqual(dueCommand);
    expect(published.at(-1)).toMatchObject({ to: { bus: 'billing' }, timeToLiveMs: 60_000 });
    expect(channel.verdicts).toEqual(['acknowledged']);
    expect(deadLetters()).toEqual([]);
  });

  test('is published before those that are due later', async () => {
    const { channel, waiting } = await runDueMessages();
    const texts = Array.from({ length: 300 }, (_, index) => `${index}`);
    for (const text of texts) {
      await channel.publish({ to: dueQueue('shop'), message: { headers: dueEvent, body: Buffer.from(text) } });
    }
    await turns(200);
    expect(waiting().map(({ body }) => Buffer.from(body).toString())).toEqual(texts);
  });
});

describe('a message without a receiver when it is due', () => {
  test.each([
    ['command', 'its service is gone', dueCommand, true],
    ['command', 'it comes back', dueCommand, false],
    ['message', 'its service is gone', { ...dueCommand, [Header.payloadType]: 'message' }, true],
  ])('is a dead letter of its sender: a %s, when %s', async (_, _why, headers, checkDestinations) => {
    const { arrive, deadLetters, left, channel } = await runDueMessages({ checkDestinations });
    await arrive({ ...headers, [Header.serviceTarget]: 'nobody' });
    expect(deadLetters()).toHaveLength(1);
    expect(deadLetters()[0]?.headers).toMatchObject({
      ...headers,
      [Header.serviceTarget]: 'nobody',
      [Header.errorClass]: 'littoral.destination-not-found',
    });
    expect(left()).toEqual([]);
    expect(channel.verdicts).toEqual(['acknowledged']);
  });

  test('is dropped, logged and counted when it is an event', async () => {
    const { arrive, deadLetters, left, log } = await runDueMessages();
    await arrive({ ...dueEvent, [Header.serviceTarget]: 'nobody.cares' });
    await arrive({ ...dueEvent, [Header.serviceTarget]: 'nobody.else.cares' });
    expect([deadLetters(), left()]).toEqual([[], []]);
    expect(log.map(({ droppedEvents }) => droppedEvents).filter(Boolean)).toEqual([1, 2]);
    expect(log).toContainEqual(
      expect.objectContaining({
        level: 40,
        messageId: dueEvent[Header.id],
        msg: expect.stringContaining('no service subscribes'),
      }),
    );
  });
});

test('what is no message to publish is a dead letter, and those behind it are published', async () => {
  const { arrive, deadLetters, waiting } = await runDueMessages();
  await arrive({ [Header.payloadType]: 'command' });
  await arrive(dueCommand);
  expect(deadLetters().map(({ headers }) => headers[Header.errorClass])).toEqual(['littoral.malformed-message']);
  expect(waiting()).toHaveLength(1);
});

describe('a message that cannot be published when it is due', () => {
  test.each<ErrorCode>(['broker-unavailable', 'connection-lost', 'confirm-timeout', 'nacked'])(
    'is requeued after a pause: %s',
    async (code) => {
      const { arrive, channel, waiting } = await runDueMessages();
      failing(channel, 2, code);
      await arrive(dueCommand);
      expect(channel.verdicts).toEqual([]);
      await pass(1000);
      expect(channel.verdicts).toEqual(['released']);
      await pass(2000);
      expect(channel.verdicts).toEqual(['released', 'released', 'acknowledged']);
      expect(waiting()).toHaveLength(1);
    },
  );

  test.each<ErrorCode>(['broker-blocked', 'too-many-in-flight'])(
    'stays unacknowledged, so that the delivery limit does not end it: %s',
    async (code) => {
      const { arrive, channel, waiting, deadLetters } = await runDueMessages();
      failing(channel, 50, code);
      await arrive(dueCommand);
      await pass(100);
      expect(channel.verdicts).toEqual([]);
      for (let count = 0; count < 50; count++) await pass(5000);
      expect(channel.verdicts).toEqual(['acknowledged']);
      expect([waiting().length, deadLetters().length]).toEqual([1, 0]);
    },
  );

  test.each<ErrorCode>(['broker-unavailable', 'broker-blocked'])('is requeued at the end: %s', async (code) => {
    const { arrive, channel, due, left } = await runDueMessages();
    failing(channel, Infinity, code);
    await arrive(dueCommand);
    await due.stop(1000);
    expect(channel.verdicts).toEqual(['released']);
    expect(left()).toHaveLength(1);
  });
});

test('many due messages that a full queue refuses are delayed again, and do not block those for other queues', async () => {
  const { channel, waiting, left } = await runDueMessages();
  let isFull = true;
  let attempts = 0;
  channel.beforePublish = ({ to }) => {
    if (!('bus' in to) || to.bus !== 'order.placed') return;
    attempts += 1;
    if (isFull) throw new LittoralError('nacked', 'of a full queue');
  };
  const send = (headers: MessageHeaders) =>
    channel.publish({ to: dueQueue('shop'), message: { headers, body: Buffer.from('') } });
  for (let count = 0; count < 120; count += 1) await send(dueEvent);
  await send(dueCommand);
  await turns(100);
  expect(waiting()).toHaveLength(1);
  expect([attempts, left(), channel.verdicts.length]).toEqual([120, [], 71]);
  isFull = false;
  await pass(1000);
  expect(waiting()).toHaveLength(51);
});

test('stopping waits for what is being published', async () => {
  const { arrive, channel, due } = await runDueMessages();
  let publish = () => {};
  channel.beforePublish = ({ to }) => {
    if ('bus' in to) return new Promise((resolve) => (publish = resolve));
  };
  await arrive(dueCommand);
  const stopped = due.stop(10_000);
  await turns();
  expect(channel.verdicts).toEqual([]);
  publish();
  await stopped;
  expect(channel.verdicts).toEqual(['acknowledged']);
});
