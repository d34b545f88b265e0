import { describe, expect, test } from 'vitest';
import { type PulledMessage, WaitingPull } from '../../../src/delivery/pull/waiting-pull.ts';
import { eventually } from '../../broker/eventually.ts';
import { deadLettersOf, done, pull, runPulled, send, stateOf } from '../pull-client.ts';

const megabyte = 1024 * 1024;

const message = (bytes: number): PulledMessage => ({
  endpointId: 'pay',
  json: 'x'.repeat(bytes),
  delivery: undefined,
  end: () => {},
});

/** A pull that has room for many messages, and the sizes of its answer. */
function waitingPull() {
  const answers: number[][] = [];
  const onAnswer = (_pull: WaitingPull, messages: readonly PulledMessage[]) =>
    void answers.push(messages.map(({ json }) => json.length));
  const request = { max: 100, waitMs: 60_000, leaseMs: 1_000 };
  return { waiting: new WaitingPull(request, onAnswer), answers };
}

describe('an answer to a pull', () => {
  test('ends before the message with which it would have more than 8 MiB', () => {
    const { waiting, answers } = waitingPull();
    const sizes = [5 * megabyte, 3 * megabyte - 1, 2];
    expect(sizes.map((bytes) => waiting.take(message(bytes)))).toEqual([true, true, false]);
    expect(answers).toEqual([[5 * megabyte, 3 * megabyte - 1]]);
    expect(waiting.room).toBe(0);
  });

  test.each([[8 * megabyte], [9 * megabyte], [5 * megabyte, 3 * megabyte]])(
    'ends at once at 8 MiB (%j, %j)',
    (...sizes) => {
      const { waiting, answers } = waitingPull();
      for (const bytes of sizes) expect(waiting.take(message(bytes))).toBe(true);
      expect(answers).toEqual([sizes]);
      expect(waiting.take(message(1))).toBe(false);
    },
  );

  test('counts bytes, not characters', () => {
    const { waiting, answers } = waitingPull();
    waiting.take({ ...message(0), json: '\u00eb'.repeat(4 * megabyte) });
    expect(answers).toHaveLength(1);
  });
});

describe('large messages', () => {
  test('are pulled in several answers, without a counted attempt', async () => {
    const gateway = await runPulled({}, { http: { bodyLimit: 16 * megabyte } });
    const bodies = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(3 * megabyte));
    for (const body of bodies) await send(gateway, body);
    const pulled: string[] = [];
    while (pulled.length < bodies.length) {
      const answer = await pull(gateway, { max: 10, waitMs: 5_000 });
      expect(answer.length).toBeLessThanOrEqual(2);
      for (const { lease, body = '', attempt } of answer) {
        expect(attempt).toBe(1);
        pulled.push(JSON.parse(body));
        expect(await done(gateway, lease)).toMatchObject([{ outcome: 'handled' }]);
      }
    }
    expect(pulled.map((body) => body.charAt(0)).toSorted()).toEqual(['a', 'b', 'c', 'd']);
    expect(new Set(pulled)).toEqual(new Set(bodies));
    await eventually(async () => expect(await stateOf(gateway)).toMatchObject({ leases: 0, messagesWaiting: 0 }));
    expect(await deadLettersOf(gateway)).toEqual([]);
  });
});
