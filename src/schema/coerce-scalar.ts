import { readBigInt, readInteger, readNumber } from './read-number.ts';

/**
 * Coerces a value to a type of JSON Schema, where that loses nothing. Any other value is returned as it is.
 */
export function coerceScalar(type: string, value: unknown): unknown {
  if (typeof value === 'string') return fromText(type, value) ?? value;
  if (typeof value === 'bigint') return fromBigInt(type, value);
  if (typeof value !== 'number') return value;
  if (type === 'string' && isExact(value)) return String(value);
  return type === 'bigint' && Number.isSafeInteger(value) ? BigInt(value) : value;
}

/**
 * Returns a function that coerces a value to the first literal it stands for. It uses a map, because there can be
 * hundreds of thousands of values and hundreds of literals.
 */
export function literalCoercer(literals: readonly unknown[]): (value: unknown) => unknown {
  const places = new Map(literals.map((literal, place) => [literal, place] as const).toReversed());
  const types = [...new Set(literals.map((literal) => typeof literal))];
  return (value) => {
    if (places.has(value) || typeof value === 'object') return value;
    const found = types.flatMap((type) => places.get(coerceScalar(type, value)) ?? []);
    return found.length === 0 ? value : literals[Math.min(...found)];
  };
}

function fromText(type: string, text: string): unknown {
  switch (type) {
    case 'number':
      return readNumber(text);
    case 'integer':
      return readInteger(text);
    case 'bigint':
      return readBigInt(text);
    case 'boolean':
      return text === 'true' || (text === 'false' ? false : undefined);
    default:
      return undefined;
  }
}

function fromBigInt(type: string, value: bigint): unknown {
  if (type === 'string') return String(value);
  if (type !== 'number' && type !== 'integer') return value;
  const number = Number(value);
  return Number.isFinite(number) && BigInt(number) === value ? number : value;
}

/**
 * Returns whether a number is exact. A larger integer may have lost its last digits before, and `-0` loses its sign.
 */
function isExact(value: number): boolean {
  return Number.isFinite(value) && !Object.is(value, -0) && (!Number.isInteger(value) || Number.isSafeInteger(value));
}
