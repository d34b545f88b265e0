import { describe, expect, test } from 'vitest';
import { Consumption } from '../../src/endpoint/consumption.ts';
import type { Consumer, Delivery } from '../../src/engine/delivery.ts';
import type { CallGate } from '../../src/handler/call-gate.ts';

/** Returns the consumption for an application that requests messages, with a consumer that records its prefetch. */
function demanding(wanted: number) {
  const state = { unacknowledged: 0, freePlaces: 10, held: 0 };
  const demand = { wanted };
  const gate = { state: 'open', reason: undefined, holdMs: 0, enter: () => undefined, leave() {}, demand } as CallGate;
  const prefetches: number[] = [];
  const consumer = {
    resume: (prefetch: number) => prefetches.push(prefetch),
    suspend: async () => void prefetches.push(0),
    allowExtra: () => prefetches.push(Number.NaN),
  };
  const consumption = new Consumption(
    {
      gates: () => [gate],
      hasFunctions: () => false,
      concurrency: 10,
      unacknowledged: () => state.unacknowledged,
      freePlaces: () => state.freePlaces,
      held: () => state.held,
    },
    () => consumer as unknown as Consumer,
  );
  const end = (count: number) => {
    for (let index = 0; index < count; index++) consumption.deliveries.note({} as Delivery, 'ended');
    state.unacknowledged += count;
  };
  return { consumption, state, prefetches, end };
}

describe('the consumption for an application that requests messages', () => {
  test('takes as many messages as requested, in addition to those of running calls', () => {
    const { consumption, state, prefetches } = demanding(3);
    consumption.deliveries.note({} as Delivery, 'called');
    state.unacknowledged = 1;
    consumption.regulate();
    expect(prefetches).toEqual([4]);
  });

  test('does not count deliveries that are about to be acknowledged', () => {
    const { consumption, prefetches, end } = demanding(4);
    end(2);
    consumption.regulate();
    expect(prefetches).toEqual([]);
  });

  test('takes the requested messages regardless of the number of held ones', () => {
    const { consumption, state, prefetches, end } = demanding(4);
    end(7);
    state.held = 7;
    consumption.onHeld();
    expect(prefetches).toEqual([11]);
  });

  test('takes no more messages than the number of free places', () => {
    const { consumption, state, prefetches, end } = demanding(9);
    end(7);
    Object.assign(state, { held: 6, freePlaces: 5 });
    consumption.onHeld();
    expect(prefetches).toEqual([11]);
  });
});
