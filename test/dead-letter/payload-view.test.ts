import { expect, test } from 'vitest';
import { payloadView } from '../../src/dead-letter/payload-view.ts';

test.each<[string, string | number[], object]>([
  ['nothing', '', { text: '' }],
  ['text', 'żółw\r\n\t', { text: 'żółw\r\n\t' }],
  ['a byte order mark', '\ufeffa', { text: '\ufeffa' }],
  ['bytes that are no UTF-8', [0xff, 0xfe], { base64: '//4=' }],
  ['control characters', 'a\u0000b', { base64: 'YQBi' }],
])('a payload of %s', (_, body, view) => {
  expect(payloadView(Buffer.from(body as string))).toEqual(view);
});

test('the beginning of a text ends with a whole character', () => {
  expect(payloadView(Buffer.from('aż!'), 2)).toEqual({ text: 'a', truncated: true });
  expect(payloadView(Buffer.from('aż!'), 3)).toEqual({ text: 'aż', truncated: true });
  expect(payloadView(Buffer.from('aż!'), 4)).toEqual({ text: 'aż!' });
  expect(payloadView(Buffer.from([1, 2, 3]), 2)).toEqual({ base64: 'AQI=', truncated: true });
});
