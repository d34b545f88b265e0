import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { defineCommandHandler } from '../../src/handler/define-handler.ts';
import { abortSignal } from '../../src/parameter/abort-signal.ts';
import { runEndpoint, turns } from './endpoint-fixture.ts';

/** A handler of the command that gets its signal. */
const onSignal = (handle: (signal: AbortSignal) => unknown) =>
  defineCommandHandler({ routingKey: 'change', distributed: true, parameters: [abortSignal()], handle });

/** Waits until the signal is aborted, and then fails as it says. */
const waits = (signal: AbortSignal) =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

describe('a handler whose signal announces the shutdown', () => {
  test.each<[string, (signal: AbortSignal) => unknown]>([
    ['and fails with the reason', waits],
    ['and passes the signal on', (signal) => sleep(600_000, undefined, { signal })],
    [
      'and fails because of it',
      async (signal) =>
        waits(signal).catch((cause) => {
          throw new Error('the payment was stopped', { cause });
        }),
    ],
  ])('%s gives its message back', async (_, handle) => {
    const { endpoint, send, channel, waiting, deadLetters, log } = await runEndpoint([onSignal(handle)]);
    await send();
    await turns();
    await endpoint.stop(600_000);
    expect(channel.verdicts).toEqual(['released']);
    expect(waiting()).toHaveLength(1);
    expect(deadLetters()).toEqual([]);
    expect(log.filter(({ level }) => Number(level) >= 50)).toEqual([]);
  });

  test('completes its message if it finishes all the same', async () => {
    const { endpoint, send, channel } = await runEndpoint([onSignal((signal) => waits(signal).catch(() => 'done'))]);
    await send();
    await turns();
    await endpoint.stop(600_000);
    expect(channel.verdicts).toEqual(['acknowledged']);
  });

  test('fails if it ends with an error of its own', async () => {
    const handle = async (signal: AbortSignal) =>
      waits(signal).catch(() => {
        throw new Error('broken');
      });
    const { endpoint, send, channel, deadLetters } = await runEndpoint([onSignal(handle)]);
    await send();
    await turns();
    await endpoint.stop(600_000);
    expect(channel.verdicts).toEqual(['acknowledged']);
    expect(deadLetters()).toHaveLength(1);
  });
});

test('a handler that runs out of time gets an aborted signal', async () => {
  let reason: unknown;
  const handler = onSignal(async (signal) => {
    await waits(signal).catch((error) => {
      reason = error;
    });
  });
  const { send, settled, deadLetters } = await runEndpoint([handler], 1, undefined, 5);
  await send();
  await settled(1);
  expect(deadLetters()).toHaveLength(1);
  expect(reason).toMatchObject({ code: 'handler-timeout' });
});
