import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { deepFrozen, evaluate } from './evaluate.ts';
import { CalculatingService } from './shop.ts';

class Prices {
  of(name: string, region = 'eu'): number {
    return { apple: 2, pear: 3 }[name]! * (region === 'eu' ? 1 : 10);
  }
}

const now = new Date('2030-05-06T07:08:09Z');
const payload = {
  value: 4,
  count: 6,
  customer: { name: 'Ada' },
  items: [
    { name: 'apple', price: 5, count: 2, value: 1, headers: 'own' },
    { name: 'pear', price: 20, count: 4, value: 9, headers: 'own' },
  ],
};
const surroundings = deepFrozen({
  payload,
  headers: { region: 'eu' },
  value: 5,
  service: { getCurrentConfiguration: async () => ({ mode: 'test' }) },
  references: { prices: new Prices(), calculatingService: new CalculatingService(), clock: { now: () => now } },
  parameters: { multiplier: 10 },
});

const results: Readonly<Record<string, unknown>> = {
  'payload * 2': undefined,
  "reference('calculatingService').multiply(payload, 2)": undefined,
  "value & '-' & headers.region": '5-eu',
  'service.getCurrentConfiguration()': { mode: 'test' },
  "parameter('multiplier') * payload.value": 40,
  'payload.customer.name': 'Ada',
  'payload.items[price > 10].name': 'pear',
  '$sum(payload.items.price)': 25,
  "headers.region = 'eu' ? payload.customer.name : 'unknown'": 'Ada',
  "payload.missing ?? 'none'": 'none',
  "reference('prices').of(payload.items[0].name, headers.region)": 2,
  "reference('calculatingService').multiply(reference('prices').of('apple'), payload.count)": 12,
  "payload.items[0].name ~> reference('prices').of(headers.region)": 2,
  'service.getCurrentConfiguration().mode': 'test',
  "payload.items.(reference('prices').of(name) * count)": [4, 12],
  "payload.items[reference('prices').of(name) > 2].name": 'pear',
  "payload.items^(>reference('prices').of(name)).name": ['pear', 'apple'],
  "payload.items{ name: reference('prices').of(name) }": { apple: 2, pear: 3 },
  "$map(payload.items, function($item){ reference('prices').of($item.name, headers.region) })": [2, 3],
  "payload.items.(reference('prices').of(name, headers.region))": [2, 3],
  "payload.items.(reference('calculatingService').multiply($.value, value))": [5, 45],
  'payload.items[value > 3].name': 'pear',
  'payload.items[value > $$.value].name': 'pear',
  "reference('clock').now()": now,
  "reference('clock').now().getFullYear()": 2030,
};

const page = readFileSync(new URL('../../docs/expressions.md', import.meta.url), 'utf8');
const lines = [...page.matchAll(/^```jsonata\n(.*?)^```$/gms)].flatMap(([, block]) => block!.trimEnd().split('\n'));

test('every line of the page is tried here', () => {
  expect(lines.toSorted()).toEqual(Object.keys(results).toSorted());
});

test.each(lines)('%s', async (line) => {
  // These two are about a payload that is a number.
  if (results[line] === undefined) expect(await evaluate(line, { ...surroundings, payload: 21 })).toBe(42);
  else expect(await evaluate(line, surroundings)).toStrictEqual(results[line]);
});
