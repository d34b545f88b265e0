import { expect, test } from 'vitest';
import { ConversionService } from '../../src/conversion/conversion-service.ts';
import { valueMediaType } from '../../src/conversion/media-type.ts';
import { caught } from '../caught.ts';
import { mediaType } from './convert.ts';

const service = new ConversionService();
const bytes = Uint8Array.from([0, 255, 128]);

test.each(['application/octet-stream', 'application/json', 'image/png'])('%s travels as bytes untouched', (source) => {
  expect(service.convert(bytes, mediaType(source), mediaType('application/octet-stream'))).toBe(bytes);
});

test('bytes stay bytes as a value', () => {
  expect(service.convert(bytes, mediaType('application/octet-stream'), valueMediaType)).toBe(bytes);
});

test.each(['application/json', 'text/plain', 'application/x-www-form-urlencoded', 'application/xml'])(
  'bytes do not become %s',
  async (target) => {
    const error = await caught(() => service.convert(bytes, mediaType('application/octet-stream'), mediaType(target)));
    expect(error).toMatchObject({ code: 'unsupported-media-type', message: expect.stringContaining(target) });
  },
);

test.each([{}, 'text', null, undefined, new ArrayBuffer(2), [1, 2]])(
  'a value other than bytes is refused: %s',
  async (value) => {
    const error = await caught(() => service.convert(value, valueMediaType, mediaType('application/octet-stream')));
    expect(error.code).toBe('not-convertible');
  },
);
