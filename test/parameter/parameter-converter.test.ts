import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  isParameterConverter,
  type ParameterConverter,
  parameterConverter,
} from '../../src/parameter/parameter-converter.ts';
import { payload } from '../../src/parameter/payload.ts';
import { resolve } from './resolve.ts';

describe('a converter of one’s own', () => {
  const shouted = parameterConverter(
    'shouted',
    () =>
      async ({ message }) =>
        String(message.headers.word).toUpperCase(),
  );

  test('is prepared once and asked for each message', async () => {
    expect(await resolve(shouted, { word: 'a' })).toBe('A');
    expectTypeOf(shouted).toEqualTypeOf<ParameterConverter<string>>();
  });

  test('is not asked about the payload alone, unless it says so', () => {
    expect(shouted.fromPayloadAlone).toBe(false);
    expect(payload().fromPayloadAlone).toBe(true);
  });
});

describe('a converter is recognised', () => {
  test('from another copy of the package', () => {
    const foreign = { [Symbol.for('littoral.parameterConverter')]: true, prepare: () => () => 1 };
    expect(isParameterConverter(foreign)).toBe(true);
  });

  test.each([undefined, null, 'payload', 7, {}, [], payload, { prepare: () => () => 1 }])(
    'excludes everything else: %s',
    (value) => {
      expect(isParameterConverter(value)).toBe(false);
    },
  );
});
