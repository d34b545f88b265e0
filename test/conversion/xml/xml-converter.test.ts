import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConversionService } from '../../../src/conversion/conversion-service.ts';
import { valueMediaType } from '../../../src/conversion/media-type.ts';
import { caught, everythingIn } from '../../caught.ts';
import { convert, decode, encode, mediaType } from '../convert.ts';

const xml = 'application/xml';

describe('XML is decoded', () => {
  test.each<[string, unknown]>([
    ['<order><id>7</id><note>x</note></order>', { id: '7', note: 'x' }],
    ['<order>text</order>', 'text'],
    ['<order/>', ''],
    ['<order><id/></order>', { id: '' }],
    ['<order id="7">text</order>', { '@id': '7', '#text': 'text' }],
    ['<o><i>1</i><i>2</i></o>', { i: ['1', '2'] }],
    ['<o><i>007</i><j>1e3</j><k>true</k></o>', { i: '007', j: '1e3', k: 'true' }],
    ['<o>  trimmed\n</o>', 'trimmed'],
    ['<?xml version="1.0" encoding="UTF-8"?>\n<!-- c -->\n<?pi x?>\n<o>x</o>\n', 'x'],
    ['\ufeff<o>x</o>', 'x'],
    ['<o><![CDATA[<b> &amp; &#65;]]></o>', '<b> &amp; &#65;'],
    ['<o> a <![CDATA[ b ]]> c </o>', 'a  b  c'],
    ['<o>a<![CDATA[]]> <![CDATA[b]]></o>', 'a b'],
    ['<o>a <?pi x?> b</o>', 'a  b'],
    ['<o>a <!-- c --> b</o>', 'a  b'],
    ['<o>\n  <!-- c -->\n  <?pi x?>\n</o>', ''],
    ['<o>Hello <b> x </b> world\n</o>', { b: 'x', '#text': 'Hello  world' }],
    ['<o>\n  <a> 1 </a>\n  <a>2</a>\n  <b/>\n</o>', { a: ['1', '2'], b: '' }],
    ['<o i="7">\n</o>', { '@i': '7' }],
    ['<o i=" x  y "> <j/> </o>', { '@i': 'x  y', j: '' }],
    ['<o>\u00a0x\u2003</o>', '\u00a0x\u2003'],
    ['<ns:o xmlns:ns="urn:x"><ns:i>1</ns:i></ns:o>', { '@xmlns:ns': 'urn:x', 'ns:i': '1' }],
    ['<zażółć>✓</zażółć>', '✓'],
    ['<o>&lt;&gt;&amp;&quot;&apos;</o>', '<>&"\''],
    ['<o i="&lt;&#233;"/>', { '@i': '<é' }],
    // PHP writes what is not ASCII so, where a document names no encoding.
    ['<o>za&#x17C;&#243;&#322;&#263; &#x1F30A;</o>', 'zażółć 🌊'],
    ['<o>&amp;lt; &amp;#65;</o>', '&lt; &#65;'],
  ])('%s', (text, value) => {
    expect(decode(text, xml)).toEqual(value);
  });

  test('in its charset', () => {
    expect(decode(Buffer.from('<o>café</o>', 'latin1'), 'text/xml; charset=iso-8859-1')).toBe('café');
    expect(decode(Buffer.from('<o>café</o>', 'utf16le'), 'text/xml; charset=utf-16le')).toBe('café');
  });

  test('without a byte order mark', () => {
    expect(decode('\ufeff<?xml version="1.0"?><o>\ufeffx</o>', xml)).toBe('\ufeffx');
    const utf16 = Buffer.from('\ufeff<o>café</o>', 'utf16le');
    expect(decode(utf16, 'text/xml; charset=utf-16')).toBe('café');
    expect(decode(Buffer.from(utf16).swap16(), 'text/xml; charset=utf-16')).toBe('café');
  });

  test('keeps all white space within a text, however the text is split', () => {
    const piece = fc.oneof(
      fc.string({ unit: fc.constantFrom(...'a \n\té'), maxLength: 4 }).map((text) => [text, text] as const),
      fc
        .string({ unit: fc.constantFrom(...'a \n&<'), maxLength: 4 })
        .map((text) => [`<![CDATA[${text}]]>`, text] as const),
      fc.constantFrom(['<!-- c -->', ''] as const, ['<?pi x?>', ''] as const, ['&amp;', '&'] as const),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
        const written = pieces.map(([xml]) => xml).join('');
        const text = pieces.map(([, text]) => text).join('');
        expect(decode(`<o>${written}</o>`, xml)).toBe(text.trim());
        const mixed = text.trim() === '' ? { b: 'x' } : { b: 'x', '#text': text.trim() };
        expect(decode(`<o><b>x</b>${written}</o>`, xml)).toEqual(mixed);
      }),
    );
  });

  test.each(['text/xml', 'image/svg+xml'])('as %s', (type) => {
    expect(decode('<o>x</o>', type)).toBe('x');
  });

  test('reads as many character references as there are', () => {
    expect(decode(`<o>${'&amp;&#65;'.repeat(100_000)}</o>`, xml)).toBe('&A'.repeat(100_000));
  });

  test('down to a hundred levels', () => {
    expect(decode(`${'<a>'.repeat(100)}${'</a>'.repeat(100)}`, xml)).toBeTypeOf('object');
  });
});

describe('XML is refused', () => {
  test.each([
    ['nothing', ''],
    ['a text', 'plain'],
    ['an element that is not closed', '<a><b></a>'],
    ['an element that was not opened', '<a></b></a>'],
    ['two roots', '<a></a><b></b>'],
    ['two empty roots', '<a/><b/>'],
    ['two equal empty roots', '<a/><a/>'],
    ['text after the root', '<a></a>x'],
    ['an attribute without quotes', '<a b=1/>'],
    ['an attribute without a value', '<a b/>'],
    ['an attribute that comes twice', '<a b="1" b="2"/>'],
    ['an ampersand', '<a>&</a>'],
    ['a comment alone', '<!-- a -->'],
    ['the beginning of a comment', '<a><!-- '],
    ['the beginning of CDATA', '<a><![CDATA[ '],
  ])('%s', async (_, text) => {
    expect(await caught(() => decode(text, xml))).toMatchObject({ code: 'malformed-body', retryable: false });
  });

  test.each([
    ['an entity', '<!DOCTYPE a [<!ENTITY x "hunter2">]><a>&x;</a>'],
    ['a file', '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'],
    ['a parameter entity', '<?xml version="1.0"?><!doctype a [<!ENTITY % x "">%x;]><a/>'],
    ['ever more of themselves', `<!DOCTYPE a [<!ENTITY b "x"><!ENTITY c "&b;&b;"><!ENTITY d "&c;&c;">]><a>&d;</a>`],
  ])('rejects a document type that defines %s', async (_, text) => {
    const error = await caught(() => decode(text, xml));
    expect(error).toMatchObject({ code: 'malformed-body', message: expect.stringContaining('document type') });
  });

  test.each(['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'toString', 'valueOf', '__defineGetter__'])(
    'rejects an element named %s, as every object has one',
    async (name) => {
      for (const text of [`<${name}>x</${name}>`, `<a><${name}><x>1</x></${name}></a>`]) {
        const error = await caught(() => decode(text, xml));
        expect(error).toMatchObject({ code: 'malformed-body', message: expect.stringContaining('name') });
      }
      expect(({} as Record<string, unknown>).x).toBeUndefined();
    },
  );

  test.each([101, 10_000])('at %d levels', async (depth) => {
    const error = await caught(() => decode(`${'<a>'.repeat(depth)}${'</a>'.repeat(depth)}`, xml));
    expect(error).toMatchObject({ code: 'malformed-body', message: expect.stringContaining('100') });
  });

  test('in bytes that its charset does not allow', async () => {
    expect(await caught(() => decode(Buffer.from('<a>é</a>', 'latin1'), xml))).toMatchObject({
      code: 'malformed-body',
      message: expect.stringContaining('UTF-8'),
    });
  });

  test('reports the line and the column', async () => {
    const error = await caught(() => decode('<a>\n  <b></c>\n</a>', xml));
    expect(error.message).toBe('The body of type application/xml is not XML: a syntax error in line 2, column 6.');
  });

  test.each([
    '<hunter2>',
    '<a><b></hunter2></a>',
    '<a hunter2/>',
    '<a hunter2=1/>',
    'hunter2',
    '<a>hunter2 &</a>',
    '<hunter2><__proto__/></hunter2>',
    '<!DOCTYPE hunter2><a/>',
    '<hunter2/><a/>',
    `${'<hunter2>'.repeat(200)}${'</hunter2>'.repeat(200)}`,
  ])('quotes no part of it: %s', async (text) => {
    expect(everythingIn(await caught(() => decode(text, xml)))).not.toContain('hunter2');
  });
});

describe('a value is written as XML', () => {
  test.each<[unknown, string]>([
    [{ id: 7, note: 'x' }, '<message><id>7</id><note>x</note></message>'],
    ['text', '<message>text</message>'],
    [1.5, '<message>1.5</message>'],
    [false, '<message>false</message>'],
    [null, '<message/>'],
    [{}, '<message></message>'],
    [{ a: null, b: undefined }, '<message><a/></message>'],
    [{ i: [1, { j: 2 }] }, '<message><i><entry>1</entry><entry><j>2</j></entry></i></message>'],
    [{ i: [], j: [['x'], []] }, '<message><i></i><j><entry><entry>x</entry></entry><entry></entry></j></message>'],
    [{ i: [null] }, '<message><i><entry/></i></message>'],
    [{ i: ['x', null, 'y', null] }, '<message><i><entry>x</entry><entry/><entry>y</entry><entry/></i></message>'],
    [{ '@a': null, '#text': null, b: [-0] }, '<message><b><entry>-0</entry></b></message>'],
    [['x', 1], '<message><entry>x</entry><entry>1</entry></message>'],
    [[], '<message></message>'],
    [{ '@id': '"<&', '#text': '<&' }, '<message id="&quot;&lt;&amp;">&lt;&amp;</message>'],
    [{ 'ns:i': 1, '@xmlns:ns': 'urn:x' }, '<message xmlns:ns="urn:x"><ns:i>1</ns:i></message>'],
    [{ zażółć: '✓' }, '<message><zażółć>✓</zażółć></message>'],
  ])('%j', (value, text) => {
    expect(encode(value, xml)).toBe(text);
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['a list of what XML cannot hold', ['hunter2\u0000']],
    ['an attribute of a list', { '@a': ['hunter2'] }],
    ['text of a list', { '#text': ['hunter2'] }],
    ['a name with a space', { 'hunter2 b': 1 }],
    ['a name that holds elements', { 'a><hunter2/><a': 1 }],
    ['an attribute that holds another', { '@a="" hunter2': 1 }],
    ['an attribute of objects', { '@a': { hunter2: 1 } }],
    ['a name that begins with a digit', { '1hunter2': 1 }],
    ['an empty name', { '': 'hunter2' }],
    ['a processing instruction', { '?hunter2': 1 }],
    ['a declaration', { '!hunter2': 1 }],
    ['text of objects', { '#text': { hunter2: 1 } }],
    ['a control character', { a: 'hunter2\u0000' }],
    ['a lone surrogate', { a: 'hunter2\ud800' }],
    ['a number that is none', { hunter2: Number.NaN }],
    ['a date that is none', { hunter2: new Date(Number.NaN) }],
    ['a function', { hunter2: () => 1 }],
    ['a symbol', { hunter2: Symbol('hunter2') }],
  ])('rejects %s', async (_, value) => {
    const error = await caught(() => encode(value, xml));
    expect(error.code).toBe('not-convertible');
    expect(everythingIn(error)).not.toContain('hunter2');
  });

  test('rejects a cycle', async () => {
    const cyclic: Record<string, unknown> = {};
    cyclic.a = { b: [cyclic] };
    expect(await caught(() => encode(cyclic, xml))).toMatchObject({ code: 'not-convertible' });
  });

  test('rejects a value deeper than can be read back', async () => {
    let value: unknown = 'x';
    for (let level = 1; level < 100; level++) value = { a: value };
    expect(decode(encode(value, xml), xml)).toEqual(value);
    expect(await caught(() => encode({ a: value }, xml))).toMatchObject({ code: 'not-convertible' });
  });

  test('rejects bytes, whose meaning is unknown', async () => {
    expect(await caught(() => encode(Buffer.from('x'), xml))).toMatchObject({ code: 'unsupported-media-type' });
  });

  test('rejects another charset than UTF-8', async () => {
    expect(encode('é', 'text/xml; charset=UTF-8')).toBe('<message>é</message>');
    expect(await caught(() => encode('é', 'text/xml; charset=latin1'))).toMatchObject({
      code: 'unsupported-media-type',
    });
  });
});

test('XML becomes JSON, and JSON XML', () => {
  expect(convert('<m><personId>123</personId></m>', xml, 'application/json')).toBe('{"personId":"123"}');
  expect(convert('{"personId":"123"}', 'application/json', xml)).toBe('<message><personId>123</personId></message>');
});

const repeating = new ConversionService([], {}, { xmlLists: 'repeated' });

describe('a list', () => {
  test.each<[unknown, string]>([
    [{ i: [1, { j: 2 }] }, '<message><i>1</i><i><j>2</j></i></message>'],
    [{ i: [] }, '<message></message>'],
  ])('is written as elements that repeat where the setting says so: %j', (value, text) => {
    expect(String(repeating.convert(value, valueMediaType, mediaType(xml)))).toBe(text);
  });

  test.each<[string, unknown]>([
    ['a list, which has no name', ['hunter2']],
    ['a list in a list', { a: [['hunter2']] }],
  ])('is not written as elements that repeat: %s', async (_, value) => {
    const error = await caught(() => repeating.convert(value, valueMediaType, mediaType(xml)));
    expect(error.code).toBe('not-convertible');
  });
});

test('fields of text, trimmed and of one line, and lists of at least two survive being written and read, as elements that repeat', () => {
  const name = fc.string({ unit: fc.constantFrom(...'abyzABżółć_'), minLength: 1, maxLength: 8 });
  const text = fc
    .string({ unit: fc.constantFrom(...'ab <>&"\'#65;]é✓🌊'), maxLength: 12 })
    .map((value) => value.trim());
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 5 }, text, tie('fields')),
    fields: fc.dictionary(name, fc.oneof(tie('value'), fc.array(tie('value'), { minLength: 2, maxLength: 3 })), {
      minKeys: 1,
      maxKeys: 4,
      noNullPrototype: true,
    }),
  }));
  fc.assert(
    fc.property(value, (given) => {
      const bytes = repeating.convert(given, valueMediaType, mediaType(xml)) as Uint8Array;
      expect(decode(bytes, xml)).toEqual(given);
    }),
  );
});
