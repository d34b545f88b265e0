import fc from 'fast-check';
import Type from 'typebox';
import { describe, expect, test } from 'vitest';
import { ConversionService } from '../../../src/conversion/conversion-service.ts';
import { valueMediaType } from '../../../src/conversion/media-type.ts';
import { defineTypeConverter } from '../../../src/conversion/type-converter.ts';
import { instance } from '../../../src/schema/instance.ts';
import type { XmlLists } from '../../../src/schema/list-entries.ts';
import type { TargetType } from '../../../src/schema/target-type.ts';
import { mediaType } from '../convert.ts';
import { issues, refuse } from '../convert-to.ts';

const xml = 'application/xml';

class Tag {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

const converters = [
  defineTypeConverter({ from: Type.String(), to: Tag, convert: (name) => new Tag(name) }),
  defineTypeConverter({ from: Tag, to: Type.String(), convert: ({ name }) => name }),
];

const services = {
  entry: new ConversionService(converters, {}, { xmlLists: 'entry' }),
  repeated: new ConversionService(converters, {}, { xmlLists: 'repeated' }),
};

function read(text: string, type: TargetType, written: XmlLists = 'entry'): unknown {
  const service = services[written];
  const value = service.convert(Buffer.from(text), mediaType(xml), valueMediaType);
  return service.compileTarget(type).convert(value, { contentType: xml }, refuse);
}

function afterwards(value: unknown, type: TargetType, written: XmlLists): unknown {
  return read(String(services[written].convert(value, valueMediaType, mediaType(xml))), type, written);
}

const Texts = Type.Object({ i: Type.Array(Type.String()) });
const Products = Type.Object({ i: Type.Array(Type.Object({ sku: Type.String(), count: Type.Integer() })) });

describe.each<XmlLists>(['entry', 'repeated'])('a list in XML, where %s is what is written', (written) => {
  test.each<[string, TargetType, unknown]>([
    ['<m><i><entry>a</entry><entry>b</entry></i></m>', Texts, { i: ['a', 'b'] }],
    ['<m><i>a</i><i>b</i></m>', Texts, { i: ['a', 'b'] }],
    ['<m><i><entry>a</entry></i></m>', Texts, { i: ['a'] }],
    ['<m><i>a</i></m>', Texts, { i: ['a'] }],
    ['<m><i><entry/></i></m>', Texts, { i: [''] }],
    ['<m><i/></m>', Products, { i: [] }],
    ['<m><entry>1</entry><entry>2</entry></m>', Type.Array(Type.Integer()), [1, 2]],
    ['<m><entry>1</entry></m>', Type.Tuple([Type.Integer()]), [1]],
    ['<m><entry>1</entry></m>', Type.Union([Type.Null(), Type.Array(Type.Integer())]), [1]],
    ['<m><entry>a</entry><entry>b</entry></m>', Type.Array(instance(Tag)), [new Tag('a'), new Tag('b')]],
    ['<m><i><entry><sku>x</sku><count>1</count></entry></i></m>', Products, { i: [{ sku: 'x', count: 1 }] }],
    ['<m><i><sku>x</sku><count>1</count></i></m>', Products, { i: [{ sku: 'x', count: 1 }] }],
    [
      '<m><i><entry><entry>1</entry></entry><entry><entry>2</entry><entry>3</entry></entry></i></m>',
      Type.Object({ i: Type.Array(Type.Array(Type.Integer())) }),
      { i: [[1], [2, 3]] },
    ],
    ['<m><entry>x</entry></m>', Type.Array(Type.Unknown()), ['x']],
  ])('is read from %s', (text, type, value) => {
    expect(read(text, type, written)).toEqual(value);
  });

  test.each<[string, TargetType, unknown]>([
    ['<m><entry>a</entry></m>', Type.Object({ entry: Type.String() }), { entry: 'a' }],
    ['<m><entry>a</entry></m>', Type.Record(Type.String(), Type.String()), { entry: 'a' }],
    ['<m><entry>a</entry></m>', Type.Unknown(), { entry: 'a' }],
    [
      '<m><i><entry>a</entry></i></m>',
      Type.Object({ i: Type.Array(Type.Object({ entry: Type.String() })) }),
      { i: [{ entry: 'a' }] },
    ],
    [
      '<m><i><entry><entry>a</entry></entry></i></m>',
      Type.Object({ i: Type.Array(Type.Object({ entry: Type.String() })) }),
      { i: [{ entry: 'a' }] },
    ],
    [
      '<m><i><entry>a</entry></i><i><entry>b</entry></i></m>',
      Type.Object({ i: Type.Array(Type.Object({ entry: Type.String() })) }),
      { i: [{ entry: 'a' }, { entry: 'b' }] },
    ],
    [
      '<m><i><entry>a</entry><entry>b</entry></i></m>',
      Type.Object({ i: Type.Array(Type.Object({ entry: Type.Array(Type.String()) })) }),
      { i: [{ entry: ['a', 'b'] }] },
    ],
  ])('is not seen in an object with a field of that name: %s, %#', (text, type, value) => {
    expect(read(text, type, written)).toEqual(value);
  });
});

describe('a list in XML', () => {
  test('is refused by the path of the item that does not fit', () => {
    const value = {
      i: {
        entry: [
          { sku: 'x', count: '1' },
          { sku: 'y', count: 'many' },
        ],
      },
    };
    expect(issues(Products, value, { contentType: xml })).toEqual(['/i/1/count must be integer']);
  });

  test('is no object that has more than entries', () => {
    expect(issues(Texts, { i: { entry: 'a', more: 'b' } }, { contentType: xml })).toEqual(['/i/0 must be string']);
    expect(issues(Texts, { i: { '@n': '1', entry: 'a' } }, { contentType: xml })).toEqual(['/i/0 must be string']);
  });

  test('has entries in XML only', () => {
    expect(issues(Texts, { i: { entry: ['a'] } }, { contentType: 'application/json' })).toEqual(['/i must be array']);
  });

  test('is found among large numbers of others', () => {
    const type = Type.Array(Type.Object({ tags: Type.Array(Type.Object({ entry: Type.Array(Type.String()) })) }));
    const value = Array.from({ length: 3000 }, () => ({ tags: [{ entry: ['x'] }, { entry: [] }] }));
    expect(afterwards(value, type, 'entry')).toEqual(value);
  });
});

interface Typed {
  readonly type: Type.TSchema;
  readonly value: fc.Arbitrary<unknown>;
}

const text = fc.string({ unit: fc.constantFrom(...'ab<&é'), minLength: 0, maxLength: 3 });
const leaves: Typed[] = [
  { type: Type.String(), value: text },
  { type: Type.Integer(), value: fc.integer() },
  { type: Type.Boolean(), value: fc.boolean() },
  { type: instance(Tag), value: text.map((name) => new Tag(name)) },
];
const fieldName = fc.constantFrom('entry', 'a', 'b');

const { typed } = fc.letrec<{ typed: Typed }>((tie) => ({
  typed: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(...leaves),
    tie('typed').map(({ type, value }) => ({ type: Type.Array(type), value: fc.array(value, { maxLength: 3 }) })),
    fc
      .uniqueArray(fc.tuple(fieldName, tie('typed')), { minLength: 1, maxLength: 3, selector: ([name]) => name })
      .map((fields) => ({
        type: Type.Object(Object.fromEntries(fields.map(([name, { type }]) => [name, type]))),
        value: fc.record(Object.fromEntries(fields.map(([name, { value }]) => [name, value]))),
      })),
    fc.tuple(fieldName, tie('typed')).map(([name, { type, value }]) => ({
      type: Type.Record(Type.String(), type),
      value: fc.dictionary(fc.constantFrom(name, 'c', 'd'), value, { maxKeys: 3, noNullPrototype: true }),
    })),
  ),
}));

test('whatever its items, its length and its depth, a list with entries survives being written and read', () => {
  const pair = typed.chain(({ type, value }) => fc.tuple(fc.constant(type), value));
  fc.assert(
    fc.property(pair, ([type, value]) => {
      expect(afterwards(value, type, 'entry')).toEqual(value);
    }),
    { numRuns: 500 },
  );
});
