import { describe, expect, test } from 'vitest';
import { defineCommandHandler, defineEventHandler } from '../../src/handler/define-handler.ts';
import { validateRetiredKeys } from '../../src/handler/retired-keys.ts';

const handle = () => {};
const handlers = [
  defineEventHandler({ routingKey: 'order.*', distributed: true, handle }),
  defineEventHandler({ routingKey: 'order.placed', distributed: true, handle }),
  defineEventHandler({ routingKey: 'here.only', handle }),
  defineCommandHandler({ routingKey: 'change', distributed: true, handle }),
];
const issues = (keys: unknown) => validateRetiredKeys(keys, handlers, 'billing');

describe('a retired key', () => {
  test.each([[undefined], [[]], [['order.cancelled']], [['order']], [['here.only', 'change', '*']]])(
    'is accepted if no distributed event handler binds it: %j',
    (keys) => {
      expect(issues(keys)).toEqual([]);
    },
  );

  test.each([
    ['order.placed', 'order.placed'],
    ['order.*', 'order.*'],
    ['order.pla*', 'order.*'],
  ])('is refused if a handler needs its binding: %s', (key, routingKey) => {
    expect(issues(['old', key])).toEqual([
      `retiredKeys.1: '${key}' is bound for the event handler of '${routingKey}'. Remove the handler, or keep the key`,
    ]);
  });

  test.each([
    ['', 'is empty'],
    ['x'.repeat(256), 'is longer than 255 bytes'],
    ['a\u0000', 'has a control character'],
    ['order.#', 'has the wildcard #; * stands for any characters, dots included'],
    ['billing', "'billing' is the name of the service, by which commands reach it"],
  ])('is refused if it is not an event key: %j', (key, issue) => {
    expect(issues([key])).toEqual([`retiredKeys.0: ${issue}`]);
  });

  test.each([[7], ['order.placed'], [[7, null, {}]], [{ 0: 'order.placed' }]])(
    'is left to the schema if it has the wrong kind: %j',
    (keys) => {
      expect(issues(keys)).toEqual([]);
    },
  );

  test.each([[undefined], ['./handlers/*.ts'], [[7, null, './a.ts', {}]], [{}]])(
    'is not compared with invalid handlers: %j',
    (list) => {
      expect(validateRetiredKeys(['order.placed'], list, 'billing')).toEqual([]);
    },
  );
});
