// As JSON writes numbers: no white space, no plus, no leading zeros, nothing hexadecimal, no Infinity.
const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const integer = /^-?(?:0|[1-9]\d*)$/;
const maxLength = 400;
// As many as `toPrecision` gives.
const maxDigits = 100;

/**
 * Reads a number off a text, if the number says the same as the text: `9007199254740993` has no such number, for the
 * nearest one ends in 2, nor has `007`, whose zeros are not for us to drop.
 */
export function readNumber(text: string): number | undefined {
  if (text.length > maxLength || !number.test(text)) return undefined;
  const value = Number(text);
  if (String(value) === text) return value;
  if (!Number.isFinite(value)) return undefined;
  const { digits, exponent } = parts(text);
  if (digits === '') return value;
  if (digits.length > maxDigits) return undefined;
  const back = parts(value.toPrecision(digits.length));
  return back.digits === digits && back.exponent === exponent ? value : undefined;
}

/** Reads an integer of any size off a text, up to 400 digits. */
export function readBigInt(text: string): bigint | undefined {
  return text.length <= maxLength && integer.test(text) ? BigInt(text) : undefined;
}

/** The digits of a number without zeros around them, and the power of ten of the last one. */
function parts(text: string): { digits: string; exponent: number } {
  const [mantissa = '', power = '0'] = text.toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.');
  const all = `${whole}${fraction}`.replace(/^0+/, '');
  const digits = all.replace(/0+$/, '');
  return { digits, exponent: Number(power) - fraction.length + (all.length - digits.length) };
}
