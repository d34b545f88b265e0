import { integerOf } from '../../message/integer-of.ts';
import { maxShortStringBytes } from '../../message/limits.ts';

// The field table of AMQP 0-9-1 (section 4.2.5.5), with the types as RabbitMQ has them (errata, section 3). amqplib
// reads an int64 as a double and text as if all of it were UTF-8, and writes a number in the smallest type that fits.

/** How many bytes the value of each type has that always has the same. */
const fixedSizes: Readonly<Record<string, number>> = {
  t: 1,
  b: 1,
  B: 1,
  s: 2,
  u: 2,
  I: 4,
  i: 4,
  f: 4,
  l: 8,
  d: 8,
  T: 8,
  D: 5,
  V: 0,
};

/**
 * Reads a table.
 *
 * @param bytes the table without its length
 * @returns numbers, where an integer beyond 2^53 is a bigint; text, booleans, null, bytes, arrays and objects. A timestamp is the number of its seconds, a decimal the number nearest to it
 * @throws RangeError for what ends too early or is nested too deeply, TypeError for an unknown type
 */
export function decodeTable(bytes: Buffer): Record<string, unknown> {
  return new TableReader(bytes).table(bytes.length);
}

class TableReader {
  readonly #bytes: Buffer;
  #offset = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  table(end: number): Record<string, unknown> {
    const fields: Record<string, unknown> = {};
    while (this.#offset < end) {
      const length = this.#bytes[this.#offset] as number;
      const start = this.#offset + 1;
      const name = this.#bytes.toString('utf8', start, this.#move(1 + length, end));
      const value = this.#value(end);
      // Assigned, it would become the prototype of the object.
      if (name === '__proto__') define(fields, name, value);
      else fields[name] = value;
    }
    return fields;
  }

  /** @returns the new offset */
  #move(count: number, end: number): number {
    this.#offset += count;
    if (this.#offset > end) throw new RangeError('A field ends after the end of its table.');
    return this.#offset;
  }

  #value(end: number): unknown {
    const bytes = this.#bytes;
    const at = this.#offset + 1;
    switch (bytes[this.#offset]) {
      case 0x53: // S
        return bytes.toString('utf8', at + 4, this.#moveBehindLength(end));
      case 0x6c: // l
        this.#move(9, end);
        return int64(bytes, at);
      case 0x74: // t
        this.#move(2, end);
        return bytes[at] !== 0;
      case 0x49: // I
        this.#move(5, end);
        return bytes.readInt32BE(at);
      case 0x64: // d
        this.#move(9, end);
        return bytes.readDoubleBE(at);
      case 0x62: // b
        this.#move(2, end);
        return bytes.readInt8(at);
      case 0x42: // B
        this.#move(2, end);
        return bytes[at];
      case 0x73: // s
        this.#move(3, end);
        return bytes.readInt16BE(at);
      case 0x75: // u
        this.#move(3, end);
        return bytes.readUInt16BE(at);
      case 0x69: // i
        this.#move(5, end);
        return bytes.readUInt32BE(at);
      case 0x66: // f
        this.#move(5, end);
        return bytes.readFloatBE(at);
      case 0x54: // T
        this.#move(9, end);
        return uint64(bytes, at);
      case 0x44: // D
        this.#move(6, end);
        return bytes.readUInt32BE(at + 1) / 10 ** (bytes[at] as number);
      case 0x56: // V
        this.#move(1, end);
        return null;
      case 0x78: // x
        return bytes.subarray(at + 4, this.#moveBehindLength(end));
      case 0x46: // F
        return this.#nested(end, (inner) => this.table(inner));
      case 0x41: // A
        return this.#nested(end, (inner) => this.#array(inner));
      default:
        throw new TypeError('A field has a type that AMQP 0-9-1 does not have.');
    }
  }

  #moveBehindLength(end: number): number {
    return this.#move(5 + this.#bytes.readUInt32BE(this.#offset + 1), end);
  }

  #nested<Value>(end: number, read: (end: number) => Value): Value {
    const start = this.#offset + 5;
    const inner = this.#moveBehindLength(end);
    this.#offset = start;
    return read(inner);
  }

  #array(end: number): unknown[] {
    const values: unknown[] = [];
    while (this.#offset < end) values.push(this.#value(end));
    return values;
  }
}

function define(fields: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(fields, name, { value, enumerable: true, configurable: true, writable: true });
}

function int64(bytes: Buffer, offset: number): number | bigint {
  const value = bytes.readInt32BE(offset) * 2 ** 32 + bytes.readUInt32BE(offset + 4);
  return Number.isSafeInteger(value) ? value : integerOf(bytes.readBigInt64BE(offset));
}

/** An unsigned integer of 64 bits: a number up to 2^53, else a bigint. */
export function uint64(bytes: Buffer, offset: number): number | bigint {
  const value = bytes.readUInt32BE(offset) * 2 ** 32 + bytes.readUInt32BE(offset + 4);
  return Number.isSafeInteger(value) ? value : integerOf(bytes.readBigUInt64BE(offset));
}

/**
 * Splits a table that `decodeTable` can read.
 *
 * @returns the bytes of each field by its name: the name, the type and the value as they stand there
 */
export function encodedFields(bytes: Buffer): Map<string, Buffer> {
  const fields = new Map<string, Buffer>();
  for (let start = 0; start < bytes.length; ) {
    const type = start + 1 + (bytes[start] as number);
    const size = fixedSizes[String.fromCharCode(bytes[type] as number)] ?? 4 + bytes.readUInt32BE(type + 1);
    const end = type + 1 + size;
    fields.set(bytes.toString('utf8', start + 1, type), bytes.subarray(start, end));
    start = end;
  }
  return fields;
}

/**
 * Writes a field whose type the value decides: an integer is an int64, so that a header does not change its type by its
 * value. Every other number, and an integer that is not exact, is a double.
 *
 * @throws TypeError for a value or a name that no field can have, RangeError for an integer beyond 64 bits
 */
export function encodeField(name: string, value: unknown): Buffer {
  const nameBytes = Buffer.from(name);
  if (nameBytes.length > maxShortStringBytes)
    throw new TypeError(`The name of a header has more than ${maxShortStringBytes} bytes`);
  return Buffer.concat([Buffer.from([nameBytes.length]), nameBytes, encodeValue(value)]);
}

function encodeValue(value: unknown): Buffer {
  switch (typeof value) {
    case 'string':
      return withLength('S', Buffer.from(value));
    case 'boolean':
      return Buffer.from(['t'.charCodeAt(0), value ? 1 : 0]);
    case 'number':
      return Number.isSafeInteger(value) ? encodedInt64(BigInt(value)) : encodedDouble(value);
    case 'bigint':
      return encodedInt64(value);
    case 'object':
      return encodeObject(value);
    default:
      throw new TypeError(`A header is a ${typeof value}, which AMQP does not have`);
  }
}

function encodeObject(value: object | null): Buffer {
  if (value === null) return Buffer.from('V');
  if (value instanceof Uint8Array) return withLength('x', value);
  if (Array.isArray(value)) return withLength('A', Buffer.concat(value.map(encodeValue)));
  const fields = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return withLength('F', Buffer.concat(fields.map(([name, inner]) => encodeField(name, inner))));
}

function encodedInt64(value: bigint): Buffer {
  const bytes = Buffer.alloc(9, 'l');
  bytes.writeBigInt64BE(value, 1);
  return bytes;
}

function encodedDouble(value: number): Buffer {
  // RabbitMQ ends the connection over one.
  if (!Number.isFinite(value)) throw new TypeError('A header is a number that is not finite');
  const bytes = Buffer.alloc(9, 'd');
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

function withLength(type: string, content: Uint8Array): Buffer {
  const head = Buffer.alloc(5, type);
  head.writeUInt32BE(content.length, 1);
  return Buffer.concat([head, content]);
}
