import { expect, test } from 'vitest';
import { planTroubles, troubleKinds } from './trouble-plan.ts';

const gateways = ['shop', 'billing'];
const calmMs = [10, 20] as const;

test('a seed repeats its plan, and another makes another', () => {
  const plan = (seed: number) => planTroubles({ seed, gateways, amount: 30, calmMs });
  expect(plan(7)).toEqual(plan(7));
  expect(plan(8)).not.toEqual(plan(7));
});

test('each kind of trouble comes at least once, as far as the amount reaches', () => {
  for (let seed = 0; seed < 50; seed++) {
    const kinds = planTroubles({ seed, gateways, calmMs }).map(({ kind }) => kind);
    expect(kinds.toSorted()).toEqual(troubleKinds.toSorted());
    const more = planTroubles({ seed, gateways, amount: 30, calmMs });
    expect(new Set(more.map(({ kind }) => kind)).size).toBe(troubleKinds.length);
    expect(more).toHaveLength(30);
  }
});

test('what begins at once strikes elsewhere, at most two together', () => {
  for (let seed = 0; seed < 50; seed++) {
    const plan = planTroubles({ seed, gateways, amount: 30, calmMs });
    for (const [index, { atOnce, kind }] of plan.entries()) {
      if (!atOnce) continue;
      expect(plan[index - 1]).toMatchObject({ atOnce: false });
      expect(placeOf(plan[index - 1]?.kind)).not.toBe(placeOf(kind));
    }
  }
});

function placeOf(kind = ''): string {
  if (kind.startsWith('gateway')) return 'gateway';
  return /connections (cut|stalled)|answers/.test(kind) ? 'network' : 'broker';
}
