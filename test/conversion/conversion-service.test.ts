import { describe, expect, test } from 'vitest';
import { ConversionService } from '../../src/conversion/conversion-service.ts';
import { type MediaType, valueMediaType } from '../../src/conversion/media-type.ts';
import type { MediaTypeConverter } from '../../src/conversion/media-type-converter.ts';
import { caught } from '../caught.ts';
import { mediaType } from './convert.ts';

const builtIn = new ConversionService();
const isCsv = ({ essence }: MediaType) => essence === 'text/csv';

const csv: MediaTypeConverter = {
  name: 'CSV',
  matches: (source, target) => isCsv(source) && target.essence === valueMediaType.essence,
  convert: (payload) =>
    Buffer.from(payload as Uint8Array)
      .toString()
      .split(','),
};

/** Claims JSON for itself. */
const shouting: MediaTypeConverter = {
  name: 'shouting JSON',
  matches: (_, target) => target.essence === 'application/json',
  convert: () => Buffer.from('"LOUD"'),
};

function text(bytes: unknown): string {
  return Buffer.from(bytes as Uint8Array).toString();
}

describe('a payload is converted', () => {
  test('not at all when it is what it is to become', () => {
    const payload = Buffer.from('not even JSON');
    expect(builtIn.convert(payload, mediaType('application/json'), mediaType('application/json'))).toBe(payload);
  });

  test('by way of a value when no converter does it at once', () => {
    const converted = builtIn.convert(
      Buffer.from('a=1'),
      mediaType('application/x-www-form-urlencoded'),
      mediaType('application/xml'),
    );
    expect(text(converted)).toBe('<message><a>1</a></message>');
  });

  test('from one charset of text to another by way of a value', () => {
    const latin1 = Buffer.from('café', 'latin1');
    const converted = builtIn.convert(latin1, mediaType('text/plain; charset=latin1'), mediaType('text/plain'));
    expect(text(converted)).toBe('café');
  });

  test('by a converter of the user, on its own or as half of the way', () => {
    const service = new ConversionService([csv]);
    expect(service.convert(Buffer.from('a,b'), mediaType('text/csv'), valueMediaType)).toEqual(['a', 'b']);
    expect(text(service.convert(Buffer.from('a,b'), mediaType('text/csv'), mediaType('text/json')))).toBe('["a","b"]');
  });

  test('by the first converter of the user that matches, before all built-in ones', () => {
    const never = { ...shouting, name: 'never asked', convert: () => expect.unreachable() };
    const service = new ConversionService([shouting, never]);
    expect(text(service.convert({ a: 1 }, valueMediaType, mediaType('application/json')))).toBe('"LOUD"');
  });
});

describe('a payload that cannot be converted', () => {
  test('says from what to what, and which converters there are', async () => {
    const error = await caught(() =>
      new ConversionService([csv]).convert(Buffer.from('x'), mediaType('image/png'), mediaType('application/json')),
    );
    expect(error).toMatchObject({
      code: 'unsupported-media-type',
      message:
        'No converter from image/png to application/json. Registered: CSV, JSON, text, form, XML, PHP, octet-stream.',
    });
  });

  test('says so when only half of the way is there', async () => {
    const error = await caught(() =>
      builtIn.convert(Buffer.from('{}'), mediaType('application/json'), mediaType('text/html')),
    );
    expect(error.message).toContain('No converter from application/json to text/html');
  });

  test('says what the first half of the way found wrong', async () => {
    const error = await caught(() =>
      builtIn.convert(Buffer.from('{'), mediaType('application/json'), mediaType('application/xml')),
    );
    expect(error.code).toBe('malformed-body');
  });
});

test('a converter that gives a promise is an error, for conversion is synchronous', async () => {
  const later = { ...csv, convert: () => Promise.reject(new Error('hunter2')) };
  const service = new ConversionService([later]);
  for (const call of [
    () => service.decode(Buffer.from('a'), 'text/csv'),
    () => service.convert(Buffer.from('a'), mediaType('text/csv'), mediaType('application/json')),
  ]) {
    expect(await caught(call)).toMatchObject({
      code: 'not-convertible',
      message: expect.stringContaining(
        "The media type converter 'CSV' from text/csv to application/x-js returned a promise",
      ),
    });
  }
});

describe('a payload is decoded', () => {
  test('by its content type', () => {
    expect(builtIn.decode(Buffer.from('{"a":1}'), 'application/json; charset=utf-8')).toEqual({ a: 1 });
    expect(builtIn.canDecode('application/json; charset=utf-8')).toBe(true);
  });

  test.each(['image/png', 'json', '', 'application/x-js', undefined, null, 7, {}, ['application/json']])(
    'not when its content type is %j: its bytes stay',
    (contentType) => {
      const bytes = Buffer.from('{"a":1}');
      expect(builtIn.decode(bytes, contentType)).toBe(bytes);
      expect(builtIn.canDecode(contentType)).toBe(false);
    },
  );

  test('not when it is a value already', () => {
    const value = { a: 1 };
    expect(builtIn.decode(value, 'text/plain')).toBe(value);
  });
});

describe('a payload that is larger than what is decoded', () => {
  const decoding: MediaTypeConverter = { ...csv, convert: () => expect.unreachable('nothing is decoded') };
  const service = new ConversionService([decoding], {}, { maxDecodedBytes: 10 });
  const large = Buffer.alloc(11, '1');

  test.each(['application/json', 'text/plain', 'application/xml', 'application/x-www-form-urlencoded', 'text/csv'])(
    'is refused before it is decoded from %s',
    async (type) => {
      const message = `The payload of type ${type} has 11 bytes; no more than 10 are decoded (maxDecodedBytes).`;
      const target = mediaType(type === 'application/xml' ? 'application/json' : 'application/xml');
      for (const call of [
        () => service.decode(large, type),
        () => service.convert(large, mediaType(type), valueMediaType),
        () => service.convert(large, mediaType(type), target),
      ]) {
        expect(await caught(call)).toMatchObject({ code: 'body-too-large', retryable: false, message });
      }
    },
  );

  test('is passed on where nothing of it is decoded', () => {
    expect(service.decode(large, 'application/octet-stream')).toBe(large);
    expect(service.decode(large, 'image/png')).toBe(large);
    expect(service.convert(large, mediaType('application/json'), mediaType('application/vnd.a+json'))).toBe(large);
  });

  test('is encoded however large it is', () => {
    const value = { a: 'x'.repeat(100) };
    expect(text(service.convert(value, valueMediaType, mediaType('application/json')))).toBe(JSON.stringify(value));
  });

  test('is decoded at the limit', () => {
    expect(service.decode(large.subarray(1), 'text/plain')).toBe('1111111111');
  });
});
