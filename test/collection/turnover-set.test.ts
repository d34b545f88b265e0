import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TurnoverMap } from '../../src/collection/turnover-map.ts';
import { TurnoverSet } from '../../src/collection/turnover-set.ts';
import { growthDuring } from './old-generation.ts';

const operations = fc.array(
  fc.record({ kind: fc.constantFrom('add', 'add', 'delete' as const), value: fc.integer({ min: 0, max: 40 }) }),
  { maxLength: 400 },
);

describe('TurnoverSet', () => {
  test('has the values of a Set after any additions and deletions', () => {
    fc.assert(
      fc.property(operations, (steps) => {
        const [set, model] = [new TurnoverSet<number>(), new Set<number>()];
        for (const { kind, value } of steps) {
          if (kind === 'delete') expect(set.delete(value)).toBe(model.delete(value));
          else {
            set.add(value);
            model.add(value);
          }
          expect(set.has(value)).toBe(model.has(value));
          expect(set.size).toBe(model.size);
        }
        expect([...set]).toEqual([...model]);
      }),
    );
  });

  test('visits the values in their order, without those that are deleted before their turn', () => {
    const set = new TurnoverSet<number>();
    for (let value = 0; value < 10; value++) set.add(value);
    const visited: number[] = [];
    for (const value of set) {
      visited.push(value);
      set.delete(value + 1);
      // So many that the set is renewed.
      if (value < 10) for (let more = 100; more < 200; more++) set.add(value * 1000 + more);
    }
    expect(visited.filter((value) => value < 10)).toEqual([0, 2, 4, 6, 8]);
    expect(new Set(visited).size).toBe(visited.length);
  });

  test('leaves what was deleted to the collection of young objects', async () => {
    const set = new TurnoverSet<object>();
    const growth = await growthDuring((value) => {
      set.add(value);
      return () => set.delete(value);
    });
    expect(growth).toBeLessThan(16);
  });
});

describe('TurnoverMap', () => {
  test('has the entries of a Map after any settings and deletions', () => {
    fc.assert(
      fc.property(operations, (steps) => {
        const [map, model] = [new TurnoverMap<number, string>(), new Map<number, string>()];
        for (const [index, { kind, value }] of steps.entries()) {
          if (kind === 'delete') expect(map.delete(value)).toBe(model.delete(value));
          else {
            map.set(value, `${index}`);
            model.set(value, `${index}`);
          }
          expect([map.get(value), map.has(value)]).toEqual([model.get(value), model.has(value)]);
          expect(map.size).toBe(model.size);
        }
        expect([...map.entries()]).toEqual([...model]);
        expect([...map.values()]).toEqual([...model.values()]);
      }),
    );
  });

  test('leaves what was deleted to the collection of young objects', async () => {
    const map = new TurnoverMap<object, object>();
    const growth = await growthDuring((value) => {
      map.set(value, { value });
      return () => map.delete(value);
    });
    expect(growth).toBeLessThan(16);
  });
});
