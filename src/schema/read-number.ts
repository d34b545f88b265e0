// The numbers of JSON: no white space, no plus, no leading zeros, nothing hexadecimal, no Infinity.
const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const integer = /^-?(?:0|[1-9]\d*)$/;
const maxLength = 400;
// The maximum of `toPrecision`.
const maxDigits = 100;

/**
 * Reads a number from a text, if the number has the same value as the text. `9007199254740993` has no such number,
 * because the nearest one ends in 2, nor has `007`, whose zeros may have a meaning.
 */
export function readNumber(text: string): number | undefined {
  if (text.length > maxLength || !number.test(text)) return undefined;
  const value = Number(text);
  return saysTheSame(value, text) ? value : undefined;
}

/** Reads an integer from a text that is exactly one. It refuses `1e23`, a number of which 23 digits are not known. */
export function readInteger(text: string): number | undefined {
  const value = readNumber(text);
  return Number.isSafeInteger(value) || (Number.isInteger(value) && integer.test(text)) ? value : undefined;
}

/** Reads an integer of up to 400 digits from a text. */
export function readBigInt(text: string): bigint | undefined {
  return text.length <= maxLength && integer.test(text) ? BigInt(text) : undefined;
}

/** Returns whether a text that is a number has neither fraction nor exponent. */
export function isIntegerText(text: string): boolean {
  return integer.test(text);
}

/** Returns the integer value of a text with a fraction or an exponent; undefined if its value is no integer. */
export function integerOf(text: string): bigint | undefined {
  const { digits, exponent } = parts(text);
  if (exponent < 0) return undefined;
  const value = BigInt(`${digits}${'0'.repeat(exponent)}`);
  return text.startsWith('-') ? -value : value;
}

/**
 * Returns whether a number has the value of the text that it was read from: an integer the same value, and a number
 * with a fraction or an exponent the same digits when it is written with as many, or in JavaScript's own notation.
 */
export function saysTheSame(value: number, text: string): boolean {
  if (!Number.isFinite(value)) return false;
  if (integer.test(text)) return Number.isSafeInteger(value) || BigInt(text) === BigInt(value);
  if (String(value) === text) return true;
  const { digits, exponent } = parts(text);
  if (digits === '') return true;
  if (digits.length > maxDigits) return false;
  const hasDigits = (written: string) => {
    const back = parts(written);
    return back.digits === digits && back.exponent === exponent;
  };
  // The two differ if the value lies in the middle of two such texts: 1470837470360516.25 is written as .2 and as .3.
  return hasDigits(value.toPrecision(digits.length)) || hasDigits(String(value));
}

/** Returns the digits of a number without zeros around them, and the power of ten of the last one. */
function parts(text: string): { digits: string; exponent: number } {
  const power = text.search(/[eE]/);
  const mantissa = text.slice(text.startsWith('-') ? 1 : 0, power === -1 ? undefined : power);
  const point = mantissa.indexOf('.');
  const fractionLength = point === -1 ? 0 : mantissa.length - point - 1;
  const all = point === -1 ? mantissa : mantissa.slice(0, point) + mantissa.slice(point + 1);
  const [start, end] = [firstDigit(all), lastDigit(all)];
  const exponent = power === -1 ? 0 : Number(text.slice(power + 1));
  return { digits: all.slice(start, end), exponent: exponent - fractionLength + (all.length - end) };
}

// No regular expression: one that looks for zeros at the end takes time by the square of the zeros before it.
function firstDigit(digits: string): number {
  let start = 0;
  while (digits[start] === '0') start++;
  return start;
}

function lastDigit(digits: string): number {
  let end = digits.length;
  while (end > 0 && digits[end - 1] === '0') end--;
  return end;
}
