import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { useVhost } from '../broker/use-vhost.ts';
import { someCuts } from './cut-plan.ts';
import { createRandom } from './random.ts';
import { runCut } from './run-cut.ts';

const vhost = useVhost();

// A sample. `npm run chaos -- --cut` cuts after every byte.
test('wherever a connection is cut, publishing and consuming continue, and nothing is lost or invented', {
  timeout: 300_000,
}, async () => {
  const seed = Number(process.env.CHAOS_SEED ?? randomInt(2 ** 31));
  console.log(`CHAOS_SEED=${seed}`);
  const random = createRandom(seed);
  await runCut({ url: vhost.url, service: 'cut' });
  const whole = await runCut({ url: vhost.url, service: 'cut' });
  expect(whole).toMatchObject({ hasCut: false, violations: [] });
  for (const cut of someCuts(whole.carried, random, { ended: 16, closed: 16, silent: 2 })) {
    const { violations } = await runCut({ url: vhost.url, service: 'cut', cut });
    expect(violations, `CHAOS_SEED=${seed} ${JSON.stringify(cut)}`).toEqual([]);
  }
  // With queues that are new, and a delay level that is.
  const first = await runCut({ url: vhost.url, service: 'new', isDelaying: true });
  for (const [index, cut] of someCuts(first.carried, random, { ended: 1, closed: 1, silent: 0 }).entries()) {
    const { violations } = await runCut({ url: vhost.url, service: `new${index}`, isDelaying: true, cut });
    expect(violations, `CHAOS_SEED=${seed} ${JSON.stringify(cut)}`).toEqual([]);
  }
});
