import { describe, expect, test } from 'vitest';
import { defaults } from '../../src/config/defaults.ts';
import { type HoldOptions, longestHoldMs } from '../../src/endpoint/longest-hold.ts';
import { defineCommandHandler, defineEventHandler } from '../../src/handler/define-handler.ts';
import type { HandlerDefinition } from '../../src/handler/handler-definition.ts';
import type { RegisteredHandler } from '../../src/handler/handler-registry.ts';

const usual = { handlerTimeoutMs: 1000, retries: defaults.retries };
const settlingMs = 300_000;

const hold = (definitions: readonly HandlerDefinition[], options: HoldOptions = usual) =>
  longestHoldMs(
    definitions.map((definition) => ({ definition }) as RegisteredHandler),
    options,
  ) - settlingMs;

const command = (more: object = {}) =>
  defineCommandHandler({ routingKey: 'a', distributed: true, handle: () => {}, ...more });
const event = (more: object = {}) =>
  defineEventHandler({ routingKey: 'a', distributed: true, handle: () => {}, ...more });

describe('the longest time that a delivery can stay unacknowledged', () => {
  test.each<[string, HandlerDefinition[], number]>([
    ['is that of the slowest command', [command(), command({ timeoutMs: 7000 })], 7000],
    ['counts the first call and each instant retry', [command({ retries: { instant: { maxAttempts: 2 } } })], 3000],
    ['adds up the handlers of events, which are called in turn', [event(), event({ timeoutMs: 500 })], 1500],
    ['leaves out what the bus does not reach', [command({ distributed: false, timeoutMs: 9000 }), command()], 1000],
    ['is nothing without handlers', [], 0],
  ])('%s', (_, definitions, expected) => {
    expect(hold(definitions)).toBe(expected);
  });

  test('uses the instant retries of the service if a handler names none', () => {
    const options = { handlerTimeoutMs: 1000, retries: { ...defaults.retries, instant: { maxAttempts: 3 } } };
    expect(hold([command()], options)).toBe(4000);
    expect(hold([command({ retries: { instant: { maxAttempts: 0 } } })], options)).toBe(1000);
  });
});
