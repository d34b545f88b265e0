import { isUtf8 } from 'node:buffer';
import { LittoralError } from '../../errors.ts';
import { withLargeIntegers } from '../../schema/large-integers.ts';
import { phpArrays } from '../../schema/php-arrays.ts';
import { asBuffer } from '../../text/as-buffer.ts';
import { FieldSequences, maxFieldSequences } from '../field-sequences.ts';
import { isPhpSerialized, isValue, type MediaType } from '../media-type.ts';
import type { MediaTypeConverter } from '../media-type-converter.ts';
import { maxObjectFields } from '../object-fields.ts';

const maxDepth = 512;

/**
 * `application/x-php-serialized`, which PHP services without a JSON converter send: read only, arrays and scalars only.
 * An array with the keys 0 to n-1 is a list, any other an object; an empty one can be either. An integer that a number
 * cannot hold is a bigint.
 */
export const phpSerializedConverter: MediaTypeConverter = {
  name: 'PHP',
  ...phpArrays,
  matches: (source, target) => isPhpSerialized(source) && isValue(target),
  convert: (payload, source) => new PhpReader(withoutSlashes(payload as Uint8Array), source).read(),
};

const quote = 0x22;
const backslash = 0x5c;
const zero = 0x30;

/**
 * Reverses PHP's `addslashes`, which Ecotone applies to the text. The first quote opens a string, and only a string can
 * contain a backslash, so a backslash before the first quote proves that `addslashes` was applied.
 */
function withoutSlashes(bytes: Uint8Array): Buffer {
  const given = asBuffer(bytes);
  const first = given.indexOf(quote);
  if (first < 1 || given[first - 1] !== backslash) return given;
  const plain = Buffer.alloc(given.length);
  let length = 0;
  for (let index = 0; index < given.length; index++) {
    const isEscape = given[index] === backslash && index + 1 < given.length;
    if (isEscape) index++;
    const byte = given[index] as number;
    plain[length++] = isEscape && byte === zero ? 0 : byte;
  }
  return plain.subarray(0, length);
}

const end = {
  integer: /(-?(?:0|[1-9]\d*));/y,
  float: /(-?(?:\d+(?:\.\d+)?(?:E[+-]?\d+)?|INF)|NAN);/y,
  boolean: /([01]);/y,
};
const textLength = /(0|[1-9]\d{0,9}):"/y;
const arrayLength = /(0|[1-9]\d{0,9}):\{/y;

function define(fields: object, name: string, value: unknown): void {
  Object.defineProperty(fields, name, { value, configurable: true, enumerable: true, writable: true });
}

class PhpReader {
  readonly #bytes: Buffer;
  /** The same bytes as text, one character for each byte, for regular expressions. */
  readonly #text: string;
  readonly #source: MediaType;
  readonly #sequences = new FieldSequences();
  #at = 0;
  #hasLargeIntegers = false;

  constructor(bytes: Buffer, source: MediaType) {
    this.#bytes = bytes;
    this.#text = bytes.toString('latin1');
    this.#source = source;
  }

  read(): unknown {
    const value = this.#value(0);
    if (this.#at !== this.#bytes.length) throw this.#malformed('goes on after its value');
    return this.#hasLargeIntegers ? withLargeIntegers(value) : value;
  }

  #value(depth: number): unknown {
    const tag = this.#text.slice(this.#at, this.#at + 2);
    this.#at += 2;
    switch (tag) {
      case 'N;':
        return null;
      case 'b:':
        return this.#match(end.boolean) === '1';
      case 'i:':
        return this.#integerValue();
      case 'd:':
        return this.#float();
      case 's:':
        return this.#string();
      case 'a:':
        return this.#array(depth + 1);
      case 'O:':
      case 'C:':
      case 'E:':
        throw this.#refused('an object');
      case 'R:':
      case 'r:':
        throw this.#refused('a reference');
      default:
        this.#at -= 2;
        throw this.#malformed(`has something else than a value at byte ${this.#at}`);
    }
  }

  #integerValue(): number | bigint {
    const value = this.#integer();
    this.#hasLargeIntegers ||= typeof value === 'bigint';
    return value;
  }

  #float(): number {
    const text = this.#match(end.float);
    if (text === 'NAN') return Number.NaN;
    const value = Number(text.replace('INF', 'Infinity'));
    if (Number.isFinite(value) || text.endsWith('INF')) return value;
    throw this.#malformed('has a float that is too large for one');
  }

  #integer(): number | bigint {
    const text = this.#match(end.integer);
    const value = Number(text);
    if (Number.isSafeInteger(value)) return value;
    const exact = BigInt(text.slice(0, 21));
    if (BigInt.asIntN(64, exact) !== exact || text.length > 20)
      throw this.#malformed('has an integer of more than 64 bits');
    return exact;
  }

  #string(): string {
    const length = Number(this.#match(textLength));
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    if (bytes.length < length) throw this.#malformed('ends within a text');
    if (!isUtf8(bytes)) throw this.#malformed(`has a text at byte ${this.#at} that is not UTF-8`);
    this.#at += length;
    this.#expect('";');
    return bytes.toString('utf8');
  }

  #array(depth: number): unknown {
    if (depth > maxDepth) throw this.#malformed(`has more than ${maxDepth} nested arrays`);
    const length = Number(this.#match(arrayLength));
    const keys: (string | number | bigint)[] = [];
    const values: unknown[] = [];
    let isList = true;
    // The length is only the sender's claim: no memory is reserved for it, and the loop ends where the bytes end.
    for (let index = 0; index < length; index++) {
      const key = this.#key();
      isList &&= key === index;
      keys.push(key);
      values.push(this.#value(depth));
    }
    this.#expect('}');
    return isList ? values : this.#object(keys, values);
  }

  /** Creates an object. If two fields have the same key, the last one counts. */
  #object(keys: readonly (string | number | bigint)[], values: readonly unknown[]): Record<string, unknown> {
    if (keys.length > maxObjectFields && new Set(keys).size > maxObjectFields) {
      throw this.#malformed(`has an array with more than ${maxObjectFields} keys that is no list`);
    }
    if (this.#sequences.isExceededBy(keys)) {
      throw this.#malformed(`has arrays with more than ${maxFieldSequences} different sequences of keys`);
    }
    const fields: Record<string, unknown> = {};
    keys.forEach((key, index) => {
      // An assignment would set the prototype.
      if (key === '__proto__') define(fields, key, values[index]);
      else fields[String(key)] = values[index];
    });
    return fields;
  }

  #key(): string | number | bigint {
    const tag = this.#text.slice(this.#at, this.#at + 2);
    this.#at += 2;
    if (tag === 'i:') return this.#integer();
    if (tag === 's:') return this.#string();
    this.#at -= 2;
    throw this.#malformed(`has something else than a key at byte ${this.#at}`);
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found === null) throw this.#malformed(`cannot be read at byte ${this.#at}`);
    this.#at = pattern.lastIndex;
    return found[1] as string;
  }

  #expect(text: string): void {
    if (!this.#text.startsWith(text, this.#at)) throw this.#malformed(`cannot be read at byte ${this.#at}`);
    this.#at += text.length;
  }

  #malformed(issue: string): LittoralError {
    return new LittoralError('malformed-body', `The body of type ${this.#source.text} ${issue}.`);
  }

  #refused(what: string): LittoralError {
    return new LittoralError(
      'not-convertible',
      `The body of type ${this.#source.text} holds ${what} of PHP; only arrays and scalars are read. Let the sender send JSON.`,
    );
  }
}
