import { describe, expect, onTestFinished, test } from 'vitest';
import { PendingSends } from '../../src/bus/pending-sends.ts';
import { gate } from '../endpoint/endpoint-fixture.ts';

const failure = new Error('not confirmed');
const fails = async () => {
  throw failure;
};

/** Whatever is rejected while a test runs and nobody looks at. */
function unhandled(): unknown[] {
  const reasons: unknown[] = [];
  const note = (reason: unknown) => reasons.push(reason);
  process.on('unhandledRejection', note);
  onTestFinished(() => void process.off('unhandledRejection', note));
  return reasons;
}

async function turns(count = 5) {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe('calls that the handler does not wait for', () => {
  test('are waited for', async () => {
    const calls = new PendingSends();
    const sent = gate();
    let settled = false;
    void calls.track(sent.opened);
    const end = calls.settle().then(() => {
      settled = true;
    });
    await turns();
    expect(settled).toBe(false);
    sent.open();
    await end;
    expect(calls.isEmpty).toBe(true);
  });

  test('are waited for together with those that follow from them', async () => {
    const calls = new PendingSends();
    const [first, second] = [gate(), gate()];
    let followed = false;
    void calls.track(first.opened).then(async () => {
      await calls.track(second.opened);
      followed = true;
    });
    const end = calls.settle();
    first.open();
    await turns();
    second.open();
    await end;
    expect(followed).toBe(true);
  });

  test('fail with their error, without an unhandled rejection', async () => {
    const reasons = unhandled();
    const calls = new PendingSends();
    void calls.track(fails());
    await turns();
    expect(calls.isEmpty).toBe(false);
    await expect(calls.settle()).rejects.toBe(failure);
    expect(reasons).toEqual([]);
  });
});

test.each<[string, (call: Promise<unknown>) => unknown]>([
  ['then', (call) => call.then(() => {})],
  ['several', (call) => call.then(() => 1).then(() => 2)],
  ['finally', (call) => call.finally(() => {})],
])('a call of which only the success is looked at fails with its error, and ends no process: %s', async (_, look) => {
  const reasons = unhandled();
  const calls = new PendingSends();
  void look(calls.track(fails()));
  await turns();
  await expect(calls.settle()).rejects.toBe(failure);
  await turns();
  expect(reasons).toEqual([]);
});

describe('a call that the handler awaits itself', () => {
  test.each<[string, (call: Promise<unknown>) => Promise<unknown>]>([
    ['by await', async (call) => await call],
    ['by catch', (call) => call.catch(() => 'caught')],
    ['by then', (call) => call.then(undefined, () => 'caught')],
    ['by await of what finally gives', async (call) => await call.finally(() => {})],
    [
      'by catch of what then gives',
      (call) =>
        call
          .then(() => 1)
          .then(() => 2)
          .catch(() => 'caught'),
    ],
    ['with others', (call) => Promise.allSettled([call])],
    ['by returning it', async (call) => call],
  ])('%s is not failed with once more', async (_, look) => {
    const calls = new PendingSends();
    await look(calls.track(fails())).catch(() => {});
    await expect(calls.settle()).resolves.toBeUndefined();
  });

  test('has its own outcome', async () => {
    const calls = new PendingSends();
    expect(await calls.track(Promise.resolve(7))).toBe(7);
    await expect(calls.track(fails())).rejects.toBe(failure);
    expect(calls.track(Promise.resolve(7))).toBeInstanceOf(Promise);
  });
});
