import fc from 'fast-check';

const codePoint = fc
  .oneof(
    fc.integer({ max: 0x7f, min: 0 }),
    fc.integer({ min: 0, max: 0xd7ff }),
    fc.integer({ min: 0xe000, max: 0x10ffff }),
  )
  .map((code) => String.fromCodePoint(code));

/** Any text that UTF-8 can hold. */
export const anyText = fc.string({ unit: codePoint });

/** An integer as it is written, of any number of digits up to 40, with or without a sign. */
export const digits = fc
  .oneof(
    fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }),
    fc
      .integer({ min: 0, max: 40 })
      .chain((length) => fc.bigInt({ min: 10n ** BigInt(length), max: 10n ** BigInt(length + 1) })),
    fc.bigInt({ min: 2n ** 53n - 3n, max: 2n ** 53n + 3n }),
    fc.bigInt({ min: 2n ** 63n - 3n, max: 2n ** 63n + 3n }),
  )
  .map(String);

/** A value of JSON without the integers beyond 2^53 that a number only seems to hold. */
export const exactJson = fc.jsonValue().filter((value) => !/\d{16}(?![\d.])/.test(JSON.stringify(value)));
