import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { deliveryLog, timed } from '../../src/cli/delivery-log.ts';
import { defineCommandHandler, defineEventHandler } from '../../src/handler/define-handler.ts';
import type { HandlerDefinition } from '../../src/handler/handler-definition.ts';
import { commandHeaders, eventHeaders, runEndpoint } from '../endpoint/endpoint-fixture.ts';

/** The lines of the deliveries of an endpoint with these handlers. */
async function linesOf(verbosity: number, handlers: readonly HandlerDefinition[], headers = commandHeaders) {
  const lines: Record<string, unknown>[] = [];
  const logger = pino({ base: undefined, timestamp: false }, { write: (line: string) => lines.push(JSON.parse(line)) });
  const { send, settled } = await runEndpoint(handlers, 1, deliveryLog(verbosity, logger));
  await send(headers);
  await settled(1);
  return lines;
}

const onCommand = (handle: () => unknown) => defineCommandHandler({ routingKey: 'change', distributed: true, handle });
const failing = () => Promise.reject(new Error('of the handler'));
const ms = expect.any(Number);

describe('the line of a delivery', () => {
  test.each([
    ['handled', () => {}],
    ['dead letter', failing],
  ])('tells that it was %s', async (msg, handle) => {
    const { id: messageId } = commandHeaders;
    expect(await linesOf(1, [onCommand(handle)])).toEqual([{ level: 30, messageId, routingKey: 'change', ms, msg }]);
  });

  test('holds the headers from the second degree on', async () => {
    expect(await linesOf(2, [onCommand(() => {})])).toMatchObject([{ headers: commandHeaders }]);
  });

  test('holds the steps of every handler in the third, also of one that failed', async () => {
    const event = (endpointId: string, handle: () => unknown) =>
      timed(defineEventHandler({ routingKey: 'order.placed', distributed: true, endpointId, handle }));
    const [line] = await linesOf(3, [event('first', failing), event('second', () => {})], eventHeaders);
    expect(line?.steps).toEqual([
      { step: 'arguments', endpointId: 'first', ms },
      { step: 'handler', endpointId: 'first', ms },
      { step: 'arguments', endpointId: 'second', ms },
      { step: 'handler', endpointId: 'second', ms },
      { step: 'settle', ms },
    ]);
  });
});

test('a timed handler is the same otherwise, also outside of a delivery', async () => {
  const add = defineCommandHandler({ routingKey: 'add', parameters: [], handle: () => 3 });
  const wrapped = timed(add);
  expect({ ...wrapped, handle: add.handle }).toEqual(add);
  expect(await wrapped.handle()).toBe(3);
  await expect(timed(onCommand(failing)).handle()).rejects.toThrow('of the handler');
});

test.each([7, null, {}])('what is no handler is left to the check of handlers: %o', (value) => {
  expect(timed(value as never)).toBe(value);
});
