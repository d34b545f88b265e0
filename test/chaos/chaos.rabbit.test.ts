import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { killable, startEnvironment } from './environment.ts';
import { faultKinds, planFaults } from './fault-plan.ts';
import type { MemoryUse } from './gateway-process.ts';
import { runRound } from './run-round.ts';
import { addRound, describeMemory, describeTotals, memoryFinding, noTotals } from './totals.ts';

// The short form injects each fault once. `npm run chaos` runs for the duration that its argument names.
test('through every kind of fault, nothing is lost, invented, or handled twice without a reason', {
  timeout: 900_000,
}, async ({ onTestFinished }) => {
  const seed = Number(process.env.CHAOS_SEED ?? randomInt(2 ** 31));
  console.log(`CHAOS_SEED=${seed}`);
  const environment = await startEnvironment();
  onTestFinished(() => environment.close());
  const plan = planFaults({ seed, gateways: killable, calmMs: [100, 700], togetherChance: 0.6 });
  let before: MemoryUse | undefined;
  const onWarm = async () => {
    before = await environment.survivor.memory();
  };
  const lines: string[] = [];
  const load = { lanes: 6, pauseMs: 20, warmUpMs: 3500, minAccepted: 80, settleMs: 150_000 };
  const round = await runRound(environment, { seed, plan, ...load, onWarm, log: (line) => lines.push(line) });
  const after = await environment.survivor.memory();
  if (!before) throw new Error('the memory of the survivor was not measured');

  const totals = noTotals();
  addRound(totals, round);
  console.log(`${describeTotals(totals)}\nmemory: ${describeMemory(before)}; at the end ${describeMemory(after)}`);
  expect(round.violations, `CHAOS_SEED=${seed}\n${lines.join('\n')}`).toEqual([]);
  expect(memoryFinding(before, after)).toBeUndefined();
  expect(Object.keys(totals.faults).sort()).toEqual([...faultKinds].sort());
  // A round in which hardly anything got through would show nothing.
  expect(totals.handled).toBeGreaterThan(500);
});
