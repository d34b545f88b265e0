import type { IncomingMessage, ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { OrderedSends } from '../../../src/bus/ordered-sends.ts';
import { BodyMemory } from '../../../src/http/body/body-memory.ts';
import { readEntryDefaults } from '../../../src/http/entries/entry-defaults.ts';
import { EntryStream, type StreamOptions } from '../../../src/http/stream/entry-stream.ts';
import { eventually } from '../../broker/eventually.ts';
import { event } from './stream-client.ts';

type Push = OrderedSends['push'];

const accept: Push = async (_request, onResult) => {
  onResult({ receipt: { messageId: 'id', correlationId: 'id', routed: true } });
};

/** A stream without a connection, whose messages are all accepted. */
function openEntryStream(options: Partial<StreamOptions> = {}, output = new PassThrough()) {
  const input = new PassThrough();
  // As the parser of Node marks a request whose end has arrived.
  input.on('end', () => Object.assign(input, { complete: true }));
  const lines: { readonly notice?: string; readonly reason?: string }[] = [];
  const memory = new BodyMemory(1_000_000);
  const stream = new EntryStream(input as unknown as IncomingMessage, output as unknown as ServerResponse, {
    sends: { push: accept, settle: async () => {} } as unknown as OrderedSends,
    defaults: readEntryDefaults([], { forwardHeaders: {} }),
    bodyLimit: 1000,
    minBytesPerSecond: 1_000_000,
    memory,
    health: () => ({ ready: true }),
    shown: (error) => error,
    onEnd: () => {},
    onUnexpected: (error) => {
      throw error;
    },
    ...options,
  });
  const read = () =>
    output.on('data', (text) =>
      lines.push(
        ...`${text}`
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line)),
      ),
    );
  onTestFinished(() => {
    input.destroy();
    output.destroy();
  });
  return { stream, input, output, lines, memory, read };
}

describe('a stream of entries', () => {
  test('writes a line while nothing else happens', async () => {
    const { stream, lines, read, input } = openEntryStream({ aliveMs: 5 });
    read();
    const running = stream.run();
    await eventually(() => expect(lines.filter(({ notice }) => notice === 'alive').length).toBeGreaterThan(2));
    input.end();
    await running;
    await eventually(() => expect(lines.at(-1)?.notice).toBe('end'));
    expect(lines.at(-1)).toMatchObject({ notice: 'end', reason: 'complete', next: 0 });
  });

  test('ends if a line arrives too slowly, and does not send that line', async () => {
    const { stream, input, lines, memory, read } = openEntryStream({ aliveMs: 5, graceMs: 50 });
    read();
    const dripping = setInterval(() => input.write('{'), 2);
    onTestFinished(() => clearInterval(dripping));
    await stream.run();
    await eventually(() => expect(lines.at(-1)?.notice).toBe('end'));
    expect(lines.at(-1)).toMatchObject({ notice: 'end', reason: 'too-slow', next: 0, accepted: 0 });
    expect(memory.used).toBe(0);
  });

  test('cuts off a caller that reads no results', async () => {
    const { stream, input, output } = openEntryStream(
      { aliveMs: 5, unreadMs: 20 },
      new PassThrough({ highWaterMark: 1 }),
    );
    input.write(`${JSON.stringify(event(1))}\n`);
    await stream.run();
    expect(output.destroyed).toBe(true);
  });

  test('ends at shutdown after the entries that it has read, even if its caller reads no results', async () => {
    const { stream, input, output, lines, read } = openEntryStream({}, new PassThrough({ highWaterMark: 1 }));
    input.write(`${JSON.stringify(event(1))}\n`);
    const running = stream.run();
    await eventually(() => expect(output.readableLength).toBeGreaterThan(0));
    input.write(`${JSON.stringify(event(2))}\n`);
    await eventually(() => expect(input.readableLength).toBe(0));
    stream.end();
    await running;
    read();
    await eventually(() => expect(lines.at(-1)?.notice).toBe('end'));
    expect(lines).toMatchObject([{ index: 0 }, { notice: 'end', reason: 'draining', next: 1, accepted: 1 }]);
  });

  test('ends without an error if its caller disconnects before it has read any result', async () => {
    const errors: unknown[] = [];
    const onUnexpected = (error: unknown) => void errors.push(error);
    const { stream, input, output } = openEntryStream({ onUnexpected }, new PassThrough({ highWaterMark: 1 }));
    input.write(`${JSON.stringify(event(1))}\n`);
    const running = stream.run();
    await eventually(() => expect(output.readableLength).toBeGreaterThan(0));
    input.write(`${JSON.stringify(event(2))}\n`);
    await eventually(() => expect(input.readableLength).toBe(0));
    output.destroy();
    await running;
    expect(errors).toEqual([]);
  });

  test.each(['input', 'output'] as const)('ends at once if its %s was closed before it began', async (side) => {
    const opened = openEntryStream();
    opened[side].destroy();
    await eventually(() => expect(opened[side].closed).toBe(true));
    await opened.stream.run();
    expect(opened.lines).toEqual([]);
  });
});
