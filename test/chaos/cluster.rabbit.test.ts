import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { killable, startEnvironment } from './environment.ts';
import { type FaultKind, planFaults } from './fault-plan.ts';
import { runRound } from './run-round.ts';
import { addRound, describeTotals, noTotals } from './totals.ts';

const drill: readonly FaultKind[] = ['leader killed', 'node frozen', 'each node stopped in turn'];

// The short form, of a minute. `npm run chaos -- --cluster` runs for the given time, with every kind of fault.
test('on three nodes, nothing that was accepted is lost when the leader is killed, a node frozen, and each restarted', {
  timeout: 900_000,
}, async ({ onTestFinished }) => {
  const seed = Number(process.env.CHAOS_SEED ?? randomInt(2 ** 31));
  console.log(`CHAOS_SEED=${seed}`);
  const environment = await startEnvironment({ cluster: true });
  onTestFinished(() => environment.close());
  const plan = planFaults({ seed, gateways: killable, kinds: drill, calmMs: [100, 700] });
  const lines: string[] = [];
  const load = { lanes: 4, pauseMs: 30, warmUpMs: 3500, minAccepted: 40, settleMs: 300_000 };
  const round = await runRound(environment, { seed, plan, ...load, log: (line) => lines.push(line) });

  const totals = noTotals();
  addRound(totals, round);
  console.log(describeTotals(totals));
  expect(round.violations, `CHAOS_SEED=${seed}\n${lines.join('\n')}`).toEqual([]);
  expect(Object.keys(totals.faults).sort()).toEqual([...drill].sort());
  expect(totals.handled).toBeGreaterThan(150);
});
