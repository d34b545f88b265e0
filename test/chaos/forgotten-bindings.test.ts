import { describe, expect, test } from 'vitest';
import { durableAfterMs } from '../broker/until-durable.ts';
import { forgottenBindings } from './forgotten-bindings.ts';

const kill = { from: 10_000, until: 18_000 };
const gapUntil = (until: number) => ({ service: 'shop', key: 'order.placed', from: until - 200, until });

describe('a kill of the broker', () => {
  test.each([kill.from - durableAfterMs, kill.from - 1, kill.from + 100])(
    'opens the gap of a binding that was restored at %i again',
    (until) => {
      expect(forgottenBindings([gapUntil(until)], kill)).toEqual([{ service: 'shop', key: 'order.placed', ...kill }]);
    },
  );

  test.each([kill.from - durableAfterMs - 1, kill.until + 1])(
    'leaves a binding alone that was restored at %i',
    (until) => {
      expect(forgottenBindings([gapUntil(until)], kill)).toEqual([]);
    },
  );
});
