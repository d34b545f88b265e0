import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { runRound } from './run-round.ts';
import { addRound, describeTotals, noTotals } from './totals.ts';
import { planTroubles, type TroubleKind } from './trouble-plan.ts';
import { mortals, startWorld } from './world.ts';

const drill: readonly TroubleKind[] = ['leader killed', 'node frozen', 'each node stopped in turn'];

// The short form, of a minute. `npm run chaos -- --cluster` runs for the given time, with every kind of fault.
test('on three nodes, nothing that was accepted is lost when the leader is killed, a node frozen, and each restarted', {
  timeout: 900_000,
}, async ({ onTestFinished }) => {
  const seed = Number(process.env.CHAOS_SEED ?? randomInt(2 ** 31));
  console.log(`CHAOS_SEED=${seed}`);
  const world = await startWorld({ cluster: true });
  onTestFinished(() => world.close());
  const plan = planTroubles({ seed, gateways: mortals, kinds: drill, calmMs: [100, 700] });
  const lines: string[] = [];
  const load = { lanes: 4, pauseMs: 30, warmUpMs: 3500, minAccepted: 40, settleMs: 300_000 };
  const round = await runRound(world, { seed, plan, ...load, log: (line) => lines.push(line) });

  const totals = noTotals();
  addRound(totals, round);
  console.log(describeTotals(totals));
  expect(round.violations, `CHAOS_SEED=${seed}\n${lines.join('\n')}`).toEqual([]);
  expect(Object.keys(totals.troubles).sort()).toEqual([...drill].sort());
  expect(totals.handled).toBeGreaterThan(150);
});
