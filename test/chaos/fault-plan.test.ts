import { expect, test } from 'vitest';
import { faultKinds, planFaults } from './fault-plan.ts';

const gateways = ['shop', 'billing'];
const calmMs = [10, 20] as const;

test('a seed repeats its plan, and another makes another', () => {
  const plan = (seed: number) => planFaults({ seed, gateways, amount: 30, calmMs });
  expect(plan(7)).toEqual(plan(7));
  expect(plan(8)).not.toEqual(plan(7));
});

test('each kind of fault comes at least once, as far as the amount reaches', () => {
  for (let seed = 0; seed < 50; seed++) {
    const kinds = planFaults({ seed, gateways, calmMs }).map(({ kind }) => kind);
    expect(kinds.toSorted()).toEqual(faultKinds.toSorted());
    const more = planFaults({ seed, gateways, amount: 30, calmMs });
    expect(new Set(more.map(({ kind }) => kind)).size).toBe(faultKinds.length);
    expect(more).toHaveLength(30);
  }
});

test('what begins at once strikes elsewhere, at most two together', () => {
  for (let seed = 0; seed < 50; seed++) {
    const plan = planFaults({ seed, gateways, amount: 30, calmMs });
    for (const [index, { atOnce, kind }] of plan.entries()) {
      if (!atOnce) continue;
      expect(plan[index - 1]).toMatchObject({ atOnce: false });
      expect(placeOf(plan[index - 1]?.kind)).not.toBe(placeOf(kind));
    }
  }
});

function placeOf(kind = ''): string {
  if (kind.startsWith('gateway')) return 'gateway';
  if (kind.startsWith('application')) return 'application';
  return /connections (cut|stalled)|answers/.test(kind) ? 'network' : 'broker';
}
