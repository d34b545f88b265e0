import { expect, test } from 'vitest';
import { useVhost } from '../broker/use-vhost.ts';
import { declareDestination } from './destination.ts';

const vhost = useVhost();

test('the destination of the benchmarks is declared on an empty broker, filled and emptied', async () => {
  const destination = await declareDestination(vhost.url);
  try {
    await destination.fill(3);
    expect(await destination.count()).toBe(3);
    await destination.empty();
    expect(await destination.count()).toBe(0);
  } finally {
    await destination.end();
  }
});
