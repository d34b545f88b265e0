import { describe, expect, test } from 'vitest';
import { chunkBytes, PublishChunks } from '../../../../src/engine/amqp/connection/publish-chunks.ts';
import { amqplibCodec, makeBodyFrame } from '../amqplib-codec.ts';

const { encodeMethod, encodeProperties, BasicPublish, BasicProperties } = amqplibCodec;
const channel = 3;
const maxFrameBytes = 131_072;
const message = { contentType: 'text/plain', headers: { id: 'm-1' }, deliveryMode: 2 };

/** Returns the frames that amqplib writes. */
function byAmqplib(routingKey: string, content: Buffer): Buffer {
  const fields = { exchange: 'bus', routingKey, mandatory: true, immediate: false };
  const head = encodeMethod(BasicPublish, channel, fields);
  const properties = encodeProperties(BasicProperties, channel, content.length, message);
  return Buffer.concat([head, properties, ...(content.length > 0 ? [makeBodyFrame(channel, content)] : [])]);
}

const properties = encodeProperties(BasicProperties, channel, 0, message).subarray(19, -1);

function publish(routingKey: string, content: Buffer) {
  return { exchange: 'bus', routingKey, properties, content };
}

describe('collected publishes', () => {
  test('have the same bytes as those of amqplib, in one write for each step of the event loop', async () => {
    const written: Buffer[] = [];
    const chunks = new PublishChunks(channel, (bytes) => written.push(bytes));
    const sent: [string, Buffer][] = [
      ['a', Buffer.from('one')],
      ['a', Buffer.alloc(0)],
      ['bé', Buffer.alloc(1000, 'x')],
    ];
    for (const [key, content] of sent) expect(chunks.add(publish(key, content), maxFrameBytes)).toBe(true);
    expect(written).toEqual([]);
    await new Promise(setImmediate);
    expect(written).toEqual([Buffer.concat(sent.map(([key, content]) => byAmqplib(key, content)))]);
    chunks.add(publish('a', Buffer.from('two')), maxFrameBytes);
    await new Promise(setImmediate);
    expect(written[1]).toEqual(byAmqplib('a', Buffer.from('two')));
  });

  test('keep their bytes and their order when many buffers are filled', () => {
    const written: Buffer[] = [];
    const chunks = new PublishChunks(channel, (bytes) => written.push(bytes));
    const bodies = Array.from({ length: 100 }, (_, index) => Buffer.alloc(index * 200, index));
    for (const content of bodies) expect(chunks.add(publish('a', content), maxFrameBytes)).toBe(true);
    chunks.flush();
    chunks.flush();
    expect(Buffer.concat(written).equals(Buffer.concat(bodies.map((content) => byAmqplib('a', content))))).toBe(true);
    expect(Math.max(...written.map(({ length }) => length))).toBeLessThanOrEqual(chunkBytes);
  });

  test('exclude a publish that is too large for a buffer or for a frame', () => {
    const written: Buffer[] = [];
    const chunks = new PublishChunks(channel, (bytes) => written.push(bytes));
    expect(chunks.add(publish('a', Buffer.alloc(chunkBytes)), maxFrameBytes)).toBe(false);
    expect(chunks.add(publish('a', Buffer.alloc(4089)), 4096)).toBe(false);
    expect(chunks.add(publish('a', Buffer.alloc(4088)), 4096)).toBe(true);
    expect(() => chunks.add(publish('a'.repeat(256), Buffer.alloc(0)), maxFrameBytes)).toThrow(TypeError);
  });
});
