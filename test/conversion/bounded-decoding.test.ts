import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { SaxesParser } from 'saxes';
import { describe, expect, test, vi } from 'vitest';
import { maxFieldSequences } from '../../src/conversion/field-sequences.ts';
import { maxFormFields } from '../../src/conversion/form/form-fields.ts';
import { assertJson } from '../../src/conversion/json/json-converter.ts';
import { maxEmptyObjects, maxJsonCommas, maxJsonDepth, simplified } from '../../src/conversion/json/json-limits.ts';
import { maxObjectFields } from '../../src/conversion/object-fields.ts';
import {
  maxXmlDepth,
  maxXmlFields,
  maxXmlNames,
  maxXmlNodes,
  maxXmlSections,
  maxXmlSigns,
} from '../../src/conversion/xml/xml-limits.ts';
import { isLittoralError } from '../../src/errors.ts';
import { maxNotedFields, maxNotedItems } from '../../src/schema/key-guard.ts';
import { maxFormatted, maxKeyTests, maxNotes } from '../../src/schema/safe-patterns.ts';
import { caught, everythingIn } from '../caught.ts';
import { convert, decode, encode, mediaType } from './convert.ts';

const form = 'application/x-www-form-urlencoded';
const json = 'application/json';
const xml = 'application/xml';
const php = 'application/x-php-serialized';
const mebibyte = 1024 * 1024;

/** Returns pieces with a total of at least `bytes` characters. */
function filled(bytes: number, piece: (index: number) => string): string {
  const pieces: string[] = [];
  for (let length = 0, index = 0; length < bytes; index++) {
    const next = piece(index);
    pieces.push(next);
    length += next.length;
  }
  return pieces.join('');
}

function inKey(index: number): string {
  return `k${index.toString(36)}`;
}

describe('a form', () => {
  const tooMany = `The body of type ${form} has more than ${maxFormFields} fields.`;

  test.each<[string, string]>([
    ['broken percent-encoding', '%&'.repeat(mebibyte / 2)],
    ['nothing', '&'.repeat(mebibyte)],
    ['empty names', '=&'.repeat(mebibyte / 2)],
    ['one name', 'a=%26&'.repeat(mebibyte / 6)],
    ['names of their own', filled(mebibyte, (index) => `${inKey(index)}&`)],
    ['characters that are cut off', '%C3&'.repeat(mebibyte / 4)],
  ])('refuses too many fields of %s before it decodes any', async (_, text) => {
    const decoding = vi.spyOn(globalThis, 'decodeURIComponent');
    try {
      const error = await caught(() => decode(text, form));
      expect(error).toMatchObject({ code: 'malformed-body', message: tooMany });
      expect(decoding).not.toHaveBeenCalled();
    } finally {
      decoding.mockRestore();
    }
  });

  test.each<[string, string]>([
    ['a percent sign alone', `a=1&${'%zz'.repeat(mebibyte / 3)}`],
    ['what ends in the middle', `${'%41'.repeat(mebibyte / 3)}%4`],
  ])('refuses %s before it decodes any field', async (_, text) => {
    const decoding = vi.spyOn(globalThis, 'decodeURIComponent');
    try {
      expect(await caught(() => decode(text, form))).toMatchObject({ code: 'malformed-body' });
      expect(decoding).not.toHaveBeenCalled();
    } finally {
      decoding.mockRestore();
    }
  });

  test('decodes up to the first field that is no UTF-8', async () => {
    const decoding = vi.spyOn(globalThis, 'decodeURIComponent');
    try {
      expect(await caught(() => decode('%41&%C3&'.repeat(4000), form))).toMatchObject({ code: 'malformed-body' });
      expect(decoding).toHaveBeenCalledTimes(2);
    } finally {
      decoding.mockRestore();
    }
  });

  test('may have the maximum number of fields, decoded and encoded', async () => {
    const most = Array.from({ length: maxFormFields }, (_, index) => [inKey(index), 'x']);
    const text = encode(Object.fromEntries(most), form);
    expect(Object.keys(decode(text, form) as object)).toHaveLength(maxFormFields);
    expect(await caught(() => decode(`${text}&x=x`, form))).toMatchObject({ message: tooMany });
    for (const more of [{ ...Object.fromEntries(most), x: 'x' }, { x: Array(maxFormFields + 1).fill('x') }]) {
      const error = await caught(() => encode(more, form));
      expect(error).toMatchObject({ code: 'not-convertible', message: expect.stringContaining(`${maxFormFields}`) });
    }
  });
});

describe('XML', () => {
  // The text after a limit is not XML. If it were read, the error would name this instead of the limit.
  const end = '<<';

  test.each<[string, string, number]>([
    ['elements', `<r>${'<a/>'.repeat(maxXmlNodes)}${end}`, maxXmlNodes],
    ['elements with attributes', `<r>${'<a b=""/>'.repeat(maxXmlNodes / 2)}${end}`, maxXmlNodes],
    ['elements with names of their own', `<r>${filled(mebibyte, (index) => `<${inKey(index)}/>`)}${end}`, maxXmlFields],
    ['attributes', `<r${filled(8 * mebibyte, (index) => ` ${inKey(index)}=""`)}${end}`, maxXmlFields],
    ['nested elements', `${'<a>'.repeat(mebibyte / 3)}${end}`, maxXmlDepth],
    [
      'attributes of nested elements',
      `<r>${filled(2 * mebibyte, (index) => `<a ${filled(900, (at) => ` ${inKey(index)}${inKey(at)}=""`)}/>`)}${end}`,
      maxXmlNames,
    ],
    ['names of attributes', `<r>${filled(mebibyte, (index) => `<a ${inKey(index)}=""/>`)}${end}`, maxXmlNames],
    ['names of elements', `<r>${filled(mebibyte, (index) => `<a><${inKey(index)}/></a>`)}${end}`, maxXmlNames],
  ])('reads too many %s up to the limit', async (_, text, limit) => {
    const error = await caught(() => decode(text, xml));
    expect(error).toMatchObject({
      code: 'malformed-body',
      retryable: false,
      message: expect.stringContaining(`more than ${limit} `),
    });
    expect(everythingIn(error).length).toBeLessThan(20_000);
  });

  test('reads names in different orders up to the limit', async () => {
    const rest = [...'abcdefghijklmnopqr'].map((name) => `<${name}/>`).join('');
    const row = (_: unknown, at: number) => `<a><x${at % 50}/><y${Math.floor(at / 50)}/>${rest}</a>`;
    const rows = (count: number) => Array.from({ length: count }, row).join('');
    expect(decode(`<r>${rows(1_000)}${rows(1_000)}</r>`, xml)).toMatchObject({ a: { length: 2_000 } });
    const error = await caught(() => decode(`<r>${rows(2_000)}${end}`, xml));
    expect(error).toMatchObject({
      code: 'malformed-body',
      message: expect.stringContaining(`more than ${maxFieldSequences} different sequences of attributes and children`),
    });
  });

  test('takes as many attributes and elements as there may be, and is written with as many', async () => {
    const attributes = Array.from({ length: maxXmlFields - 1 }, (_, index) => `a${index}=""`);
    expect(Object.keys(decode(`<r ${attributes.join(' ')}><x/></r>`, xml) as object)).toHaveLength(maxXmlFields);
    // The root and the list are elements, too.
    const most = Array(maxXmlNodes - 2).fill('');
    expect(decode(encode({ x: most }, xml), xml)).toEqual({ x: { entry: most } });
    const error = await caught(() => encode({ x: [...most, ''] }, xml));
    expect(error).toMatchObject({ code: 'not-convertible', message: expect.stringContaining(`${maxXmlNodes}`) });
  });

  test('writes no element with more fields than may be read', async () => {
    const most = Object.fromEntries(Array.from({ length: maxXmlFields }, (_, index) => [inKey(index), 'x']));
    expect(decode(encode({ a: most }, xml), xml)).toEqual({ a: most });
    const error = await caught(() => encode({ a: { ...most, '@x': 'x' } }, xml));
    expect(error).toMatchObject({ code: 'not-convertible', message: expect.stringContaining(`than ${maxXmlFields} `) });
  });

  test('writes no more different names than may be read', async () => {
    const rows = Array.from({ length: maxXmlNames }, (_, index) => ({ [inKey(index)]: 'x' }));
    // The names of the list and of its items count, too.
    const most = { a: rows.slice(2) };
    expect(decode(encode(most, xml), xml)).toEqual({ a: { entry: rows.slice(2) } });
    const error = await caught(() => encode({ a: rows }, xml));
    expect(error).toMatchObject({ code: 'not-convertible', message: expect.stringContaining(`than ${maxXmlNames} `) });
  });

  test('escapes long texts in every part of them', () => {
    for (const text of [`${'\u{1F600}<'.repeat(12_000)}`, `a${'\u{1F600}&'.repeat(12_000)}`, "'".repeat(40_000)]) {
      const value = { '@a': text, '#text': text };
      expect(decode(encode(value, xml), xml)).toEqual(value);
    }
  });

  test.each(["'", '"', '&', '<', '\t', "a'"])('escapes %j over and over once, in parts', (character) => {
    const calls = vi.spyOn(String.prototype, 'replace');
    try {
      const text = character.repeat(mebibyte / character.length);
      expect(encode({ '@a': text }, xml).length).toBeGreaterThan(mebibyte);
      expect(calls.mock.contexts.filter((context) => String(context).length > mebibyte / 2)).toEqual([]);
    } finally {
      calls.mockRestore();
    }
  });

  test('reads references to characters in every place', () => {
    expect(decode(`<r a="${'&lt;'.repeat(1000)}">${'&#65;'.repeat(1000)}</r>`, xml)).toEqual({
      '@a': '<'.repeat(1000),
      '#text': 'A'.repeat(1000),
    });
  });

  test('takes any number of tabs, line ends and brackets in text', () => {
    const line = '\t\t<a>1</a>\r\n';
    expect(decode(`<r>${line.repeat(90_000)}</r>`, xml)).toEqual({ a: Array(90_000).fill('1') });
    for (const piece of ['\t', '\n', '\r', '\r\n', ']']) {
      const text = piece.repeat(mebibyte / piece.length);
      expect(decode(`<r>x${text}x<a/>${text}</r>`, xml)).toMatchObject({ a: '' });
    }
    const brackets = ']'.repeat(maxXmlSigns);
    expect(decode(`<r><![CDATA[${brackets}]]></r>`, xml)).toBe(brackets);
  });

  test.each([
    ['line ends in attributes', (text: string) => `<r a="${text}"/>`, '\na'],
    ['carriage returns in attributes', (text: string) => `<r a='${text}'/>`, '\ra'],
    ['tabs in many attributes', (text: string) => `<r>${`<a b=">${text.slice(0, 1000)}"/>`.repeat(600)}</r>`, '\ta'],
    ['line ends in an attribute', (text: string) => `<r a="${text}"/>`, '\t\n'],
    ['carriage returns in an attribute', (text: string) => `<r a="${text}"/>`, '\r'],
    ['brackets in a CDATA section', (text: string) => `<r><![CDATA[${text}]]></r>`, ']]x'],
    ['brackets alone in CDATA', (text: string) => `<r><![CDATA[${text}]]></r>`, ']'],
    ['brackets in CDATA', (text: string) => `<r><![CDATA[${text}]]></r>`, ']a'],
    ['hyphens in comments', (text: string) => `<r><!--${text}--></r>`, '- '],
    ['question marks in instructions', (text: string) => `<r/><?a ${text}?>`, '? '],
  ])('refuses too many %s before it is parsed', async (_, document, piece) => {
    const parsing = vi.spyOn(SaxesParser.prototype, 'write');
    try {
      const error = await caught(() => decode(document(piece.repeat(maxXmlSigns + 1)), xml));
      expect(error).toMatchObject({
        code: 'malformed-body',
        message: expect.stringContaining(`more than ${maxXmlSigns} tabs and line ends in attributes`),
      });
      expect(parsing).not.toHaveBeenCalled();
    } finally {
      parsing.mockRestore();
    }
  });

  test.each(['<!---->', '<![CDATA[]]>', '<?a?>', '<!--<a b=">--><![CDATA[<!--]]>'])(
    'refuses %s over and over before it is parsed',
    async (piece) => {
      const parsing = vi.spyOn(SaxesParser.prototype, 'write');
      try {
        const error = await caught(() => decode(`<r>${piece.repeat(maxXmlSections + 1)}</r>`, xml));
        expect(error).toMatchObject({ message: expect.stringContaining(`more than ${maxXmlSections} comments`) });
        expect(parsing).not.toHaveBeenCalled();
      } finally {
        parsing.mockRestore();
      }
    },
  );

  test('takes any number of such signs in text, and as many sections as there may be', () => {
    expect(decode(`<r>${']a-?\t'.repeat(maxXmlSigns)}</r>`, xml)).toHaveLength(5 * maxXmlSigns - 1);
    expect(decode(`<r>${'<![CDATA[abc]]>'.repeat(maxXmlSections)}</r>`, xml)).toHaveLength(3 * maxXmlSections);
  });

  test('reads each line end as a line feed, in one step', () => {
    const appended = vi.spyOn(SaxesParser.prototype, 'write');
    try {
      expect(decode(`<r>${'a\rb\r\nc\n'.repeat(1_000)}d</r>`, xml)).toBe(`${'a\nb\nc\n'.repeat(1_000)}d`);
      expect(decode('<r a="a\rb\r\nc">a\u0085b\u2028c</r>', xml)).toEqual({
        '@a': 'a b c',
        '#text': 'a\u0085b\u2028c',
      });
      expect(decode('<?xml version="1.1"?><r>a\u0085b\u2028c\r\u0085d\r\ne\rf</r>', xml)).toBe('a\nb\nc\nd\ne\nf');
      for (const [text] of appended.mock.calls) expect(String(text)).not.toContain('\r');
    } finally {
      appended.mockRestore();
    }
  });

  test('keeps each character of a text that was written into it', () => {
    const text = fc.string({ unit: fc.constantFrom(...'a<>&"\'\r\n\t ;#'), maxLength: 30 }).map((one) => `x${one}x`);
    fc.assert(
      fc.property(text, text, (attribute, content) => {
        const value = { '@a': attribute, '#text': content };
        expect(decode(encode(value, xml), xml)).toEqual(value);
      }),
    );
  });
});

describe('an object with too many fields', () => {
  const fields = (count: number, write: (key: string) => string) =>
    Array.from({ length: count }, (_, index) => write(inKey(index)));
  const asJson = (count: number) => `{${fields(count, (key) => `"${key}":[]`).join()}}`;
  const asPhp = (count: number) => {
    const written = fields(count, (key) => `s:${key.length}:"${key}";i:1;`).join('');
    return `a:${count}:{${written}}`;
  };

  test.each<[string, (count: number) => string]>([
    [json, asJson],
    [json, (count) => `[1,{"a":[{},${asJson(count)}]}]`],
    [php, asPhp],
  ])('is refused in %s', async (type, text) => {
    expect(typeof decode(text(maxObjectFields), type)).toBe('object');
    const error = await caught(() => decode(text(maxObjectFields + 1), type));
    expect(error).toMatchObject({
      code: 'malformed-body',
      message: expect.stringContaining(`than ${maxObjectFields} `),
    });
  });

  test('is refused in JSON before any of it is parsed', async () => {
    const parsing = vi.spyOn(JSON, 'parse');
    try {
      const text = asJson(maxObjectFields + 1);
      expect(await caught(() => decode(text, json))).toMatchObject({ code: 'malformed-body' });
      expect(parsing).not.toHaveBeenCalled();
    } finally {
      parsing.mockRestore();
    }
  });

  test('is none where colons stand in texts', () => {
    const text = ':'.repeat(maxObjectFields + 1);
    expect(decode(JSON.stringify({ [text]: `"\\${text}`, a: [text] }), json)).toEqual({
      [text]: `"\\${text}`,
      a: [text],
    });
  });

  test('is passed on as it came', () => {
    const text = asJson(maxObjectFields + 1);
    expect(() => assertJson(Buffer.from(text), mediaType(json))).not.toThrow();
    expect(convert(text, json, 'application/vnd.a+json')).toBe(text);
  });

  test('is none where it is a list, or several objects', () => {
    const list = Array(maxObjectFields + 1).fill(10_000_000);
    expect(decode(JSON.stringify(list), json)).toEqual(list);
    const half = asJson(maxObjectFields / 2 + 1);
    expect(decode(`[${half},${half}]`, json)).toHaveLength(2);
  });
});

describe('JSON that is slow to parse', () => {
  const objects = (count: number, write: (index: number) => string) =>
    `[${Array.from({ length: count }, (_, index) => write(index)).join()}]`;
  const sequences = (count: number) => objects(count / 2, (index) => `{"${inKey(index)}":0,"a":"{}"}`);
  const inOrder = (count: number) => objects(count / 20, (at) => `{${orderOf(at).map((key) => `"${key}":0`)}}`);
  const empty = (count: number) => objects(count, () => '{ }');
  const commas = (count: number) => `[${'1,'.repeat(count - 1)}"${','.repeat(count)}",2]`;

  /** Returns twenty names in a unique order: the last ones are the digits of the index. */
  function orderOf(index: number): string[] {
    const digits = index.toString(2).padStart(16, '0');
    return [...digits].map((digit, at) => `${at}${digit}`).concat('p', 'q', 'r', 's');
  }

  test.each<[string, number, (count: number) => string]>([
    ['different sequences of field names', maxFieldSequences, sequences],
    ['empty objects', maxEmptyObjects, empty],
    ['commas between items and fields', maxJsonCommas, commas],
  ])('is refused for too many %s before any of it is parsed', async (what, limit, text) => {
    expect(decode(text(limit), json)).toBeInstanceOf(Array);
    const parsing = vi.spyOn(JSON, 'parse');
    try {
      const error = await caught(() => decode(text(limit + 2), json));
      expect(error).toMatchObject({
        code: 'malformed-body',
        message: expect.stringContaining(`more than ${limit} ${what}`),
      });
      expect(parsing).not.toHaveBeenCalled();
    } finally {
      parsing.mockRestore();
    }
  });

  test('is recognized by its sequences of names, not by the number of names', async () => {
    const error = await caught(() => decode(inOrder(200_000), json));
    expect(error).toMatchObject({ message: expect.stringContaining('sequences of field names') });
  });

  test('does not include many objects with the same fields, or few objects with many fields', () => {
    const alike = objects(maxFieldSequences + 1, () => '{"a":1,"b":2}');
    expect(decode(alike, json)).toHaveLength(maxFieldSequences + 1);
    const wide = objects(20, (at) => `{${Array.from({ length: 4_000 }, (_, index) => `"${at}.${index}":0`).join()}}`);
    expect(decode(wide, json)).toHaveLength(20);
  });

  test.each([
    ['sequences', sequences(maxFieldSequences + 2)],
    ['empty objects', empty(maxEmptyObjects + 1)],
    ['commas', commas(maxJsonCommas + 1)],
  ])('is forwarded unchanged: %s', (_, text) => {
    const parsing = vi.spyOn(JSON, 'parse');
    try {
      expect(assertJson(Buffer.from(text), mediaType(json))).toMatchObject({ value: undefined });
      // The parsed text has the same length, but no part that is slow to parse.
      const [[parsed] = ['']] = parsing.mock.calls;
      expect(parsed).toHaveLength(text.length);
      expect(new Set(parsed.match(/"[^"]*"(?=:)/g)).size).toBeLessThan(20);
      expect(parsed).not.toMatch(/[[,]{ ?}/);
    } finally {
      parsing.mockRestore();
    }
    expect(convert(text, json, 'application/vnd.a+json')).toBe(text);
  });

  test('does not include a large body of many rows', () => {
    const rows = objects(60_000, (index) => `{"id":"item-${index}","price":12.5,"stock":100,"unit":"piece"}`);
    expect(decode(rows, json)).toHaveLength(60_000);
  });

  test('is still checked for validity when it is forwarded', async () => {
    const text = empty(maxEmptyObjects + 1);
    for (const broken of [
      `${text}]`,
      text.slice(0, -1),
      text.replace('{ }', '{"a"}'),
      text.replace('{ }', '{"\\x":1}'),
    ]) {
      const error = await caught(() => assertJson(Buffer.from(broken), mediaType(json)));
      expect(error).toMatchObject({ code: 'malformed-body', message: expect.stringContaining('is not JSON') });
    }
  });

  test('is simplified to a text that is valid exactly if the original is valid', () => {
    const parses = (text: string) => {
      try {
        JSON.parse(text);
        return true;
      } catch {
        return false;
      }
    };
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ':',
      ',',
      ' ',
      '"',
      '\\',
      '"a"',
      '"\\n"',
      '"\\u00e9:"',
      'é',
      '1',
      '{}',
      '\t',
    );
    const mixed = fc.array(pieces, { maxLength: 12 }).map((some) => some.join(''));
    const cut = fc
      .tuple(fc.json(), pieces, fc.nat(40))
      .map(([text, piece, at]) => text.slice(0, at) + piece + text.slice(at));
    fc.assert(
      fc.property(fc.oneof(fc.json(), mixed, cut), (text) => {
        const simple = simplified(Buffer.from(text));
        expect(parses(simple.toString('utf8'))).toBe(parses(text));
        expect(simple).toHaveLength(Buffer.byteLength(text));
      }),
      { numRuns: 500 },
    );
  });
});

describe('PHP', () => {
  const arrays = (count: number) => {
    const items = Array.from(
      { length: count },
      (_, index) => `i:${index};a:1:{s:${inKey(index).length}:"${inKey(index)}";N;}`,
    );
    return `a:${count}:{${items.join('')}}`;
  };

  test('may have a limited number of sequences of keys', async () => {
    expect(decode(arrays(maxFieldSequences), php)).toHaveLength(maxFieldSequences);
    expect(await caught(() => decode(arrays(maxFieldSequences + 1), php))).toMatchObject({
      code: 'malformed-body',
      message: expect.stringContaining(`more than ${maxFieldSequences} different sequences of keys`),
    });
  });
});

describe('JSON', () => {
  test.each(['1e30', '1e308', '1.5E+300', '-123456789e200'])('computes no integer for %s over and over', (number) => {
    const integers = vi.spyOn(globalThis, 'BigInt');
    try {
      const text = `[${Array(mebibyte / 16)
        .fill(number)
        .join()}]`;
      expect(decode(text, json)).toHaveLength(mebibyte / 16);
      expect(integers).not.toHaveBeenCalled();
    } finally {
      integers.mockRestore();
    }
  });

  test.each([
    ['9007199254740993', 9007199254740993n],
    ['-9007199254740993.00', -9007199254740993n],
    ['1.00000000000000001e22', 10000000000000000100000n],
  ])('computes each integer once for %s over and over', (number, value) => {
    const integers = vi.spyOn(globalThis, 'BigInt');
    const parsing = vi.spyOn(JSON, 'parse');
    try {
      const count = 1000;
      expect(decode(`[${Array(count).fill(`[${number}]`).join()}]`, json)).toEqual(Array(count).fill([value]));
      expect(integers).toHaveBeenCalledTimes(count);
      expect(parsing).toHaveBeenCalledTimes(2);
    } finally {
      integers.mockRestore();
      parsing.mockRestore();
    }
  });

  test.each(['[', '{"a":', '[{"[":', '[[],'])('refuses %j over and over before it parses any', async (piece) => {
    const parsing = vi.spyOn(JSON, 'parse');
    try {
      const error = await caught(() =>
        decode(
          filled(mebibyte, () => piece),
          json,
        ),
      );
      expect(error).toMatchObject({ code: 'malformed-body', message: expect.stringContaining(`${maxJsonDepth}`) });
      expect(parsing).not.toHaveBeenCalled();
    } finally {
      parsing.mockRestore();
    }
  });

  test('counts no brackets that stand in a text', () => {
    for (const text of ['['.repeat(mebibyte), `\\"${'['.repeat(mebibyte)}`, `\\\\\\"${'{'.repeat(mebibyte)}\\\\`]) {
      expect(decode(`["${text}",[]]`, json)).toEqual([JSON.parse(`"${text}"`), []]);
    }
  });

  test('reads the depth that it may have', async () => {
    const at = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    expect(Array.isArray(decode(at(maxJsonDepth), json))).toBe(true);
    expect(await caught(() => decode(at(maxJsonDepth + 1), json))).toMatchObject({ code: 'malformed-body' });
  });
});

test('docs/conversion.md names the limits', () => {
  const page = readFileSync(new URL('../../docs/conversion.md', import.meta.url), 'utf8');
  const rows = [
    `| a form | ${inWords(maxFormFields)} fields`,
    `| XML | ${inWords(maxXmlNodes)} elements and attributes with ${inWords(maxXmlNames)} different names, ${maxXmlDepth} nested elements, ${inWords(maxXmlFields)} attributes and children of different names in one element, ${inWords(maxFieldSequences)} different sequences of attributes and children; ${inWords(maxXmlSections)} comments`,
    `| JSON | ${inWords(maxJsonDepth)} nested objects and lists, ${inWords(maxObjectFields)} fields in one object, ${inWords(maxFieldSequences)} different sequences of field names (\`{"a":1,"b":2}\` has the two sequences \`a\` and \`a, b\`; only the first 128 fields of an object count), ${inWords(maxEmptyObjects)} empty objects, ${inWords(maxJsonCommas)} commas between items and fields if they are more than a sixth of the body |`,
    `| PHP | 512 nested arrays, ${inWords(maxObjectFields)} keys in one array that is no list, ${inWords(maxFieldSequences)} different sequences of keys in such arrays |`,
    `${inWords(maxXmlSections)} comments, CDATA sections and processing instructions; ${inWords(maxXmlSigns)} tabs and line ends in attributes, \`]\` in CDATA sections, \`-\` in comments and \`?\` in processing instructions |`,
  ];
  for (const row of rows) expect(page).toContain(row);
  expect(page.replaceAll(/\s+/g, ' ')).toContain(
    `all texts of the format \`regex\`, and those of the format \`idn-hostname\` that are not lower-case ASCII names, may have ${inWords(maxFormatted)} characters in total; the texts after them do not match.`,
  );
  expect(page.replaceAll(/\s+/g, ' ')).toContain(
    `For a type with more than two \`patternProperties\`, the number of keys in one value times the number of patterns is limited to ${inWords(maxKeyTests)}. A type with \`unevaluatedProperties\` accepts up to ${inWords(maxNotedFields)} fields, and a type with \`unevaluatedItems\` up to ${inWords(maxNotedItems)} items. In one value, all objects of types with \`unevaluatedProperties\` may have ${inWords(maxNotes)} fields in total. Each object counts as one more field.`,
  );
});

function inWords(limit: number): string {
  return limit.toLocaleString('en');
}

describe('a body of any kind', () => {
  const pieces: Readonly<Record<string, readonly string[]>> = {
    [form]: ['%', '&', '=', '+', '%41', '%C3', 'a', 'zz'],
    [json]: ['[', ']', '{', '}', '"', '\\', ',', ':', '"a":', '0', '[],', '{},', '1e9,', '\\u0041', ' '],
    [xml]: [
      ...['<', '>', '/', '<a', '<a>', '</a>', '<a/>', ' a="', '"', "'", '=', '&', '&lt;', '&#', ';', ' ', '\r\n'],
      ...['<![CDATA[', ']]>', '<!--', '-->', '<?a', '?>', '<!DOCTYPE', '<r>', '</r>'],
    ],
    [php]: ['a:', '9', ':{', '}', 'i:1;', 's:1:"', 'a";', 'N;', 'b:1;', 'd:0.5;', 'a:0:{}', '\\', '"', 'a:999999:{'],
  };

  test('gives a value that is no larger than it, or one error of bounded size', () => {
    const body = fc.constantFrom(...Object.keys(pieces)).chain((type) =>
      fc.record({
        type: fc.constant(type),
        start: fc.constantFrom('', '<r>', '["', 'a:99999999:{', '{"a":['),
        unit: fc
          .array(fc.constantFrom(...(pieces[type] as string[])), { minLength: 1, maxLength: 5 })
          .map((all) => all.join('')),
        bytes: fc.constantFrom(1000, 50_000, 300_000),
        target: fc.constantFrom(...Object.keys(pieces), 'text/plain'),
      }),
    );
    fc.assert(
      fc.property(body, ({ type, start, unit, bytes, target }) => {
        const text = start + filled(bytes, () => unit);
        try {
          expect(sizeOf(decode(text, type))).toBeLessThanOrEqual(text.length);
          convert(text, type, target);
        } catch (error) {
          expect(isLittoralError(error) ? everythingIn(error).length : error).toBeLessThan(20_000);
        }
      }),
      { numRuns: 150 },
    );
  });
});

/** How many values a value holds, itself included. */
function sizeOf(value: unknown): number {
  let count = 0;
  const open = [value];
  while (open.length > 0) {
    const next = open.pop();
    count++;
    if (typeof next === 'object' && next !== null) for (const inner of Object.values(next)) open.push(inner);
  }
  return count;
}
