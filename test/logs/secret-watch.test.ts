import { expect, test } from 'vitest';
import { spawnProcess } from '../spawn-process.ts';
import { quietLogger } from './quiet-logger.ts';
import { secretWord, takeLeaks, watchPayload } from './secret-watch.ts';

test('the watch finds a secret in a field, in an error and in the output of a process', async () => {
  const logger = quietLogger();
  logger.debug({ payload: { note: `x${secretWord}x` } }, 'event');
  logger.error({ err: new Error(secretWord) }, 'event');
  logger.child({ key: secretWord }).info('event');
  logger.info('event');
  expect(takeLeaks()).toHaveLength(3);
  await spawnProcess(process.execPath, ['--print', `'${secretWord}'`]).ended;
  expect(takeLeaks()).toEqual([`${secretWord}\n`]);
});

test('the watch finds a complete payload that a fixture has sent', () => {
  const payload = JSON.stringify({ name: 'Zo\u00eb', note: 'a "quoted" text' });
  watchPayload(payload);
  const logger = quietLogger();
  logger.info({ reason: `cannot read ${payload}` }, 'event');
  logger.info('event');
  expect(takeLeaks()).toHaveLength(1);
  logger.info({ reason: payload }, 'of another test');
  expect(takeLeaks()).toEqual([]);
});
