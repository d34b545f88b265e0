import { expect, test } from 'vitest';
import { defineCommandHandler } from '../../src/handler/define-handler.ts';
import { Header } from '../../src/message/message-headers.ts';
import { commandHeaders, gate, onCommand, runEndpoint } from './endpoint-fixture.ts';

test.each([
  ['shorter', 60_000, 5, undefined],
  ['longer', 5, undefined, 60_000],
])('a handler can have a %s time than the others of its service', async (_, ofService, ofHanging, ofPatient) => {
  const finish = gate();
  const hanging = defineCommandHandler({
    routingKey: 'hang',
    distributed: true,
    ...(ofHanging && { timeoutMs: ofHanging }),
    handle: () => new Promise(() => {}),
  });
  const patient = { ...onCommand(() => finish.opened), timeoutMs: ofPatient };
  const { send, settled, channel, deadLetters } = await runEndpoint([patient, hanging], 2, undefined, ofService);
  await send();
  await send({ ...commandHeaders, [Header.routingKey]: 'hang' });
  await settled(1);
  finish.open();
  await settled(2);
  expect(channel.verdicts).toEqual(['acknowledged', 'acknowledged']);
  expect(deadLetters()).toHaveLength(1);
  expect(deadLetters()[0]?.headers).toMatchObject({
    [Header.failedEndpoint]: 'hang',
    [Header.errorMessage]: "command handler 'hang' did not finish within 5 ms.",
  });
});
