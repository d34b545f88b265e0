import { expect, test } from 'vitest';
import { littoral } from './littoral.ts';

const environment = { SERVICE_NAME: 'billing', CHANNEL: 'in-memory' };

test('of an in-memory channel there is nothing to see from outside', async () => {
  const { code, stdout, stderr } = await littoral(['deadletter:list'], { environment }).ended;
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/in-memory channel.*AMQP_URL.*GET \/dead-letters/s);
});

test.each([
  [['deadletter:list', '--limit', '0']],
  [['deadletter:list', '--limit', '101']],
  [['deadletter:show']],
  [['deadletter:replay', 'a', 'b']],
  [['deadletter:replayAll', '--routingkeys', 'x']],
])('%j is wrong usage', async (args) => {
  const { code, stdout } = await littoral(args, { environment }).ended;
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
});

test('deadletter:help shows the help of all of them', async () => {
  const { code, stdout } = await littoral(['deadletter:help']).ended;
  expect(code).toBe(0);
  for (const name of ['list', 'show', 'replay', 'replayAll', 'delete']) {
    expect(stdout).toContain(`Usage: littoral deadletter:${name} `);
  }
});
