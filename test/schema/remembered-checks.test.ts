import fc from 'fast-check';
import Type from 'typebox';
import { describe, expect, test } from 'vitest';
import { ConversionService } from '../../src/conversion/conversion-service.ts';
import { compileSchema, type Schema } from '../../src/schema/schema-check.ts';
import { Refused, refuse } from '../conversion/convert-to.ts';

let looks = 0;
/** A check that accepts no number and no boolean, and counts its calls. */
const Counted = Type.Refine(Type.Unknown(), (value) => {
  looks++;
  return typeof value === 'string';
});

/** A schema whose levels refer to themselves in two branches. A level's own field is checked after the levels within. */
const Branching = Type.Cyclic(
  {
    Node: Type.Union([
      Type.Object({ next: Type.Ref('Node'), own: Counted }),
      Type.Object({ next: Type.Ref('Node'), own: Type.Boolean(), also: Counted }),
      Type.Object({ next: Type.Array(Type.Ref('Node')), own: Counted }),
      Type.Null(),
    ]),
  },
  'Node',
);

const ToRoot = Type.Unsafe({ $ref: '#' });

/** The same schema as a JSON Schema that refers to itself as a whole. */
const BranchingByPointer = Type.Union([
  Type.Object({ next: ToRoot, own: Counted }),
  Type.Object({ next: ToRoot, own: Type.Boolean(), also: Counted }),
  Type.Object({ next: Type.Array(ToRoot), own: Counted }),
  Type.Null(),
]);

/** The same schema with its union elsewhere, by other names of it. */
const BranchingByName = (name: string, around: (union: object) => object) => {
  const next = { $ref: name };
  return around(
    Type.Union([
      Type.Object({ next, own: Counted } as never),
      Type.Object({ next, own: Type.Boolean(), also: Counted } as never),
      Type.Object({ next: Type.Array(next as never), own: Counted }),
      Type.Null(),
    ]),
  ) as Schema;
};

function chain(levels: number, fields: object, end: unknown = null): unknown {
  let value = end;
  for (let level = 0; level < levels; level++) value = { next: value, ...fields };
  return value;
}

describe('a union whose branches refer back to it', () => {
  test.each<[string, Schema, (value: unknown) => unknown]>([
    ['by itself', Branching, (value) => value],
    ['by a pointer to the whole', BranchingByPointer, (value) => value],
    [
      'by a pointer to a definition',
      BranchingByName('#/$defs/a~1b', (union) => ({ $defs: { 'a/b': union }, $ref: '#/$defs/a~1b' })),
      (value) => value,
    ],
    [
      'by a pointer to a property',
      BranchingByName('#/properties/tree', (union) => Type.Object({ tree: union as never })),
      (tree) => ({ tree }),
    ],
    ['by its id', BranchingByName('Tree', (union) => ({ ...union, $id: 'Tree' })), (value) => value],
    [
      'by the id of a part',
      BranchingByName('Tree', (union) => Type.Object({ tree: { ...union, $id: 'Tree' } as never })),
      (tree) => ({ tree }),
    ],
    ['in a field', Type.Object({ tree: Type.Optional(Branching) }), (tree) => ({ tree })],
    ['in a list', Type.Array(Branching), (value) => [value, value]],
    ['in another definition', Type.Cyclic({ Other: Type.Object({ tree: Branching }) }, 'Other'), (tree) => ({ tree })],
  ])('checks each level only a few times, %s', (_, type, around) => {
    const { convert } = new ConversionService().compileTarget(type);
    for (const [fields, fits] of [
      [{ own: 'x' }, true],
      [{ own: false, also: 'x' }, true],
      [{ own: 7, also: 7 }, false],
      [{ own: false, also: 7 }, false],
    ] as const) {
      const value = around(chain(200, fields));
      looks = 0;
      if (fits) expect(convert(value, {}, refuse)).toBe(value);
      else expect(() => convert(value, {}, refuse)).toThrow(Refused);
      expect(looks).toBeGreaterThan(0);
      expect(looks).toBeLessThan(200 * 20);
    }
  });

  test('coerces each level a few times', () => {
    const Tree = Type.Cyclic(
      {
        Node: Type.Union([
          Type.Object({ next: Type.Ref('Node'), n: Type.Number() }),
          Type.Object({ next: Type.Ref('Node'), n: Type.Number(), own: Counted }),
          Type.Null(),
        ]),
      },
      'Node',
    );
    const { convert } = new ConversionService().compileTarget(Tree);
    expect(convert(chain(100, { n: '7', own: 'x' }), {}, refuse)).toEqual(chain(100, { n: 7, own: 'x' }));
    looks = 0;
    expect(() => convert(chain(100, { n: '7', own: 'x' }, 'end'), {}, refuse)).toThrow(Refused);
    expect(looks).toBeLessThan(100 * 100);
  });

  test('checks the current content of a value', () => {
    const { check } = compileSchema(Branching);
    const end = { next: null, own: 'x' as unknown };
    const value = chain(3, { own: 'x' }, end);
    expect(check(value)).toBe(true);
    end.own = 7;
    expect(check(value)).toBe(false);
    end.own = 'y';
    expect(check(value)).toBe(true);
  });

  test('reports the part that does not fit', () => {
    const { convert } = new ConversionService().compileTarget(Type.Object({ tree: Branching }));
    try {
      convert({ tree: chain(2, { own: 7 }) }, {}, refuse);
      expect.unreachable();
    } catch (error) {
      const { issues } = error as Refused;
      expect(issues.map(({ path }) => path)).toContain('/tree');
    }
  });
});

describe('a schema with references', () => {
  const Leaf = Type.Union([Type.Number(), Type.String({ minLength: 2 })]);
  const schemas: Schema[] = [
    Type.Cyclic({ A: Type.Object({ b: Type.Optional(Type.Ref('B')) }), B: Type.Array(Type.Ref('A')) }, 'A'),
    Type.Cyclic({ A: Type.Union([Leaf, Type.Array(Type.Ref('A'))]) }, 'A'),
    Type.Cyclic({ A: Type.Record(Type.String(), Type.Union([Type.Ref('A'), Leaf])) }, 'A'),
    Type.Cyclic(
      { A: Type.Intersect([Type.Object({ a: Leaf }), Type.Object({ b: Type.Optional(Type.Ref('A')) })]) },
      'A',
    ),
    Type.Tuple([Leaf, Type.Cyclic({ A: Type.Union([Type.Null(), Type.Object({ a: Type.Ref('A') })]) }, 'A')]),
    {
      $defs: { A: { type: 'object', required: ['a'], properties: { a: { $ref: '#/$defs/B' } } }, B: Leaf },
      $ref: '#/$defs/A',
    },
    {
      $defs: { B: Leaf },
      type: 'object',
      properties: { a: { $ref: 'B' }, b: { type: 'array', items: { $ref: 'B' } } },
    },
  ] as Schema[];
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom(null, 7, 'x', 'xx', true),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b'), tie('value'), { maxKeys: 2, noNullPrototype: true }),
    ),
  }));

  test('accepts the same values with and without cached references', async () => {
    const { Check } = await import('typebox/value');
    let taken = 0;
    fc.assert(
      fc.property(fc.constantFrom(...schemas), value, (schema, given) => {
        const expected = Check(schema, given);
        expect(compileSchema(schema).check(given)).toBe(expected);
        if (expected) taken++;
      }),
      { numRuns: 1000 },
    );
    expect(taken).toBeGreaterThan(20);
  });
});
