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
