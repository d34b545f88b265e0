import { setImmediate } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { abortableDelay } from '../../src/time/abortable-delay.ts';

test('any number of pauses end together, without a warning of Node', async () => {
  const warnings: Error[] = [];
  const note = (warning: Error) => void warnings.push(warning);
  process.on('warning', note);
  onTestFinished(() => void process.off('warning', note));
  const stopping = new AbortController();
  const pauses = Array.from({ length: 100 }, () => abortableDelay(60_000, stopping.signal));
  await setImmediate();
  stopping.abort();
  await Promise.all(pauses);
  expect(warnings).toEqual([]);
});
