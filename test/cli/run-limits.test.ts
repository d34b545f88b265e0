import { describe, expect, test } from 'vitest';
import { type RunLimits, watchLimits } from '../../src/cli/run-limits.ts';
import type { Delivery } from '../../src/engine/delivery.ts';
import type { DeliveryOutcome } from '../../src/recovery/delivery-outcome.ts';

const delivery = {} as Delivery;

/** A run within limits, of an endpoint that notes when it takes no more. */
function start(limits: RunLimits, waiting: readonly (number | undefined)[] = [], obstacle?: string) {
  const looks = [...waiting];
  const state = { finished: false, unacknowledged: [] as unknown[], looks };
  const { ended, stage, begin } = watchLimits(limits);
  const endpoint = {
    finish: async () => {
      state.finished = true;
    },
    waiting: async () => looks.shift(),
    get unacknowledged() {
      return state.unacknowledged;
    },
  };
  begin(endpoint, () => obstacle);
  const settle = async (outcome: DeliveryOutcome) =>
    (await stage(delivery, async () => ({ outcome, handled: [], failures: [] }))).outcome;
  return { ended, state, settle };
}

describe('the limit of messages', () => {
  test('is reached with the message that is taken, before it is handled', async () => {
    const { settle, state, ended } = start({ handledMessageLimit: 2 });
    await settle('handled');
    expect(state.finished).toBe(false);
    const second = settle('dead letter');
    expect(state.finished).toBe(true);
    expect(await second).toBe('dead letter');
    expect(await ended).toEqual({ reason: 'reached the limit of messages: 2', exitCode: 0 });
  });

  test('does not count what went back into the queue', async () => {
    const { settle, state } = start({ handledMessageLimit: 2 });
    await settle('requeued');
    await settle('left in the queue');
    await settle('not for this service');
    expect(state.finished).toBe(false);
    await settle('handled');
    expect(state.finished).toBe(true);
  });
});

describe('under stopOnFailure', () => {
  test.each(['dead letter', 'requeued'] as const)('a message that ends as %s ends the run', async (outcome) => {
    const { settle, state, ended } = start({ stopOnFailure: true });
    await settle(outcome);
    expect(state.finished).toBe(true);
    expect(await ended).toMatchObject({ exitCode: 1 });
  });

  test.each(['handled', 'not for this service', 'deferred', 'left in the queue'] as const)(
    'one that ends as %s does not',
    async (outcome) => {
      const { settle, state } = start({ stopOnFailure: true });
      await settle(outcome);
      expect(state.finished).toBe(false);
    },
  );
});

describe('the limit of time', () => {
  test('ends a run that could receive nothing with exit code 1, and says why', async () => {
    const { ended } = start({ executionTimeLimit: 1 }, [], 'no connection');
    const reason = '1 ms have passed, and nothing could be received: no connection';
    expect(await ended).toEqual({ reason, exitCode: 1 });
  });

  test('ends a run that has received a message with exit code 0', async () => {
    const { ended, settle } = start({ executionTimeLimit: 1 }, [], 'no connection any more');
    await settle('handled');
    expect(await ended).toEqual({ reason: '1 ms have passed', exitCode: 0 });
  });

  test('ends a run that found its queue empty with exit code 0', async () => {
    expect(await start({ executionTimeLimit: 1 }).ended).toMatchObject({ exitCode: 0 });
  });
});

test('the first limit that is reached decides', async () => {
  const { settle, ended } = start({ handledMessageLimit: 1, stopOnFailure: true, memoryLimit: 1 });
  await settle('dead letter');
  expect(await ended).toMatchObject({ reason: 'reached the limit of messages: 1', exitCode: 0 });
});

test('the queue counts as empty when it was so twice in a row, and nothing was unacknowledged', async () => {
  const { ended, state } = start({ finishWhenNoMessages: true }, [undefined, 0, 1, 0, 0, 7]);
  expect(await ended).toEqual({ reason: 'the queue is empty', exitCode: 0 });
  expect(state.looks).toEqual([7]);
});
