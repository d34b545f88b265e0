import { describe, expect, test } from 'vitest';
import { replayOf } from '../../src/dead-letter/replay.ts';
import { InProcessDeduplicationStore } from '../../src/deduplication/stores/in-process-deduplication-store.ts';
import { defineEventHandler } from '../../src/handler/define-handler.ts';
import type { Retries } from '../../src/handler/retries.ts';
import { Header, type MessageHeaders } from '../../src/message/message-headers.ts';
import type { TransportMessage } from '../../src/message/transport-message.ts';
import { TestClock } from '../../src/testing/test-clock.ts';
import { viewOf } from '../dead-letter/view-of.ts';
import { commandHeaders, eventHeaders, onCommand, runEndpoint, turns } from '../endpoint/endpoint-fixture.ts';

type Handlers = Parameters<typeof runEndpoint>[0];
type More = NonNullable<Parameters<typeof runEndpoint>[4]>;

async function run(handlers: Handlers, retries: Retries = {}, more: More = {}) {
  const clock = new TestClock();
  const fixture = await runEndpoint(handlers, 10, undefined, 60_000, { retries, clock, ...more });
  const pass = async (milliseconds: number) => {
    clock.moveTo(clock.nowMs() + milliseconds);
    await turns();
  };
  return { ...fixture, clock, pass };
}

const every2s: Retries = { maxAttempts: 5, initialDelayMs: 2000, multiplier: 1 };

function failing() {
  const calls: MessageHeaders[] = [];
  const handle = (_payload: unknown, headers: MessageHeaders) => {
    calls.push(headers);
    throw new Error('the table is locked');
  };
  return { calls, handle };
}

const reasonsOf = (letters: readonly TransportMessage[]) =>
  letters.map(({ headers }) => headers[Header.deadLetterReason]);

describe('a time to live', () => {
  test('is a header for the handler, at every attempt', async () => {
    const { calls, handle } = failing();
    const { send, pass } = await run([onCommand(handle)], every2s);
    await send(commandHeaders, '{}', 5000);
    await turns();
    await pass(2000);
    expect(calls.map(({ timeToLive }) => timeToLive)).toEqual([5000, 5000]);
  });

  test('holds over retries where the clock of the channel counts in fractions', async () => {
    const { calls, handle } = failing();
    const { send, pass, deadLetters } = await run([onCommand(handle)], every2s);
    await pass(0.3);
    await send(commandHeaders, '{}', 5000);
    await turns();
    for (let retry = 1; retry <= 5; retry += 1) await pass(2000);
    expect(calls).toHaveLength(3);
    expect(reasonsOf(deadLetters())).toEqual(['expired']);
    expect(Number.isSafeInteger(deadLetters()[0]?.headers[Header.expiresAt])).toBe(true);
  });

  test('holds over retries: the message is a dead letter once the next one would come too late', async () => {
    const { calls, handle } = failing();
    const { send, pass, deadLetters, clock } = await run([onCommand(handle)], every2s);
    const end = new Date(clock.wallMs() + 5000).toISOString();
    await send(commandHeaders, '{}', 5000);
    await turns();
    await pass(2000);
    expect([calls.length, deadLetters().length]).toEqual([2, 0]);
    await pass(2000);
    expect(calls).toHaveLength(3);
    expect(deadLetters()).toMatchObject([
      {
        headers: {
          [Header.deadLetterReason]: 'expired',
          [Header.errorClass]: 'littoral.expired',
          [Header.errorMessage]: expect.stringMatching(
            `failed, and the time to live of the message ends at ${end}, before the retry in 2000 ms.*the table is locked`,
          ),
          [Header.attempts]: 3,
          [Header.failedEndpoint]: 'change',
        },
      },
    ]);
    await pass(60_000);
    expect(calls).toHaveLength(3);
  });

  test('of a message that is late all the same ends before its handler is called', async () => {
    const { calls, handle } = failing();
    const { send, pass, deadLetters, clock } = await run([onCommand(handle)], every2s);
    // As on a retry that has waited longer than it was meant to.
    const moved = { [Header.attempts]: 1, [Header.failedEndpoint]: 'change', [Header.retryNumber]: 1 };
    await send({ ...commandHeaders, ...moved, [Header.expiresAt]: clock.wallMs() }, '{"late":true}');
    await pass(0);
    expect(calls).toEqual([]);
    expect(deadLetters()).toMatchObject([
      { headers: { [Header.deadLetterReason]: 'expired', [Header.attempts]: 1 }, body: Buffer.from('{"late":true}') },
    ]);
  });

  test('is exact: one millisecond before its end the handler is called', async () => {
    const calls: unknown[] = [];
    const { send, pass, clock } = await run([onCommand((payload) => void calls.push(payload))]);
    await send({ ...commandHeaders, [Header.expiresAt]: clock.wallMs() + 1 });
    await pass(0);
    expect(calls).toHaveLength(1);
  });

  test('is looked up before each instant retry', async () => {
    const calls: number[] = [];
    const { send, settled, deadLetters, clock } = await run(
      [
        onCommand(() => {
          calls.push(clock.nowMs());
          clock.moveTo(clock.nowMs() + 600);
          throw new Error('busy');
        }),
      ],
      { maxAttempts: 0, instant: { maxAttempts: 10 } },
    );
    await send(commandHeaders, '{}', 1000);
    await settled(1);
    expect(calls).toEqual([0, 600]);
    expect(deadLetters()).toMatchObject([{ headers: { [Header.attempts]: 2, [Header.deadLetterReason]: 'expired' } }]);
  });

  test('can end between two handlers of an event: the second is not called, and has a dead letter of its own', async () => {
    const called: string[] = [];
    const on = (endpointId: string, handle: () => void) =>
      defineEventHandler({ routingKey: 'order.*', endpointId, distributed: true, handle });
    const slow = () => {
      called.push('slow');
      clock.moveTo(clock.nowMs() + 1000);
    };
    const handlers = [on('slow', slow), on('next', () => void called.push('next'))];
    const { publish, settled, deadLetters, clock } = await run(handlers);
    await publish('order.placed', eventHeaders, '{}', 1000);
    await settled(1);
    expect(called).toEqual(['slow']);
    expect(deadLetters()).toMatchObject([
      { headers: { [Header.deadLetterReason]: 'expired', [Header.failedEndpoint]: 'next', [Header.attempts]: 0 } },
    ]);
  });

  test('does not make a dead letter of a copy of what was handled in time', async () => {
    const clock = new TestClock();
    const store = new InProcessDeduplicationStore({ windowMs: 60_000, maxEntries: 10, clock });
    const calls: unknown[] = [];
    const handlers = [onCommand((payload) => void calls.push(payload))];
    const fixture = await run(handlers, {}, { clock, deduplication: { store, enabled: true } });
    await fixture.send(commandHeaders, '{}', 1000);
    await fixture.settled(1);
    await fixture.send({ ...commandHeaders, [Header.expiresAt]: clock.wallMs() - 1 });
    await fixture.settled(2);
    expect(calls).toHaveLength(1);
    expect(fixture.deadLetters()).toEqual([]);
  });

  test('ends with a replay, because an operator wants the message handled', async () => {
    const { handle } = failing();
    const { send, pass, deadLetters } = await run([onCommand(handle)], every2s);
    await send(commandHeaders, '{}', 1000);
    await pass(0);
    const [letter] = deadLetters();
    expect(reasonsOf(deadLetters())).toEqual(['expired']);
    const { headers } = replayOf(viewOf(letter as TransportMessage), 'billing').message;
    expect(headers).not.toHaveProperty(Header.timeToLive);
    expect(headers).not.toHaveProperty(Header.expiresAt);
    expect(headers).not.toHaveProperty(Header.deadLetterReason);
  });
});
