import { maxHeaderBytes, maxShortStringBytes } from '../../message/limits.ts';
import { decodeTable, uint64 } from './field-table.ts';

/** The properties of a message (AMQP 0-9-1 section 1.8.3), by the names that amqplib gives them. */
export interface BasicProperties {
  contentType?: string | undefined;
  contentEncoding?: string | undefined;
  headers?: Readonly<Record<string, unknown>> | undefined;
  deliveryMode?: number | undefined;
  priority?: number | undefined;
  correlationId?: string | undefined;
  replyTo?: string | undefined;
  expiration?: string | undefined;
  messageId?: string | undefined;
  /** Seconds since 1970. A bigint where a double would not be exact. */
  timestamp?: number | bigint | undefined;
  type?: string | undefined;
  userId?: string | undefined;
  appId?: string | undefined;
  clusterId?: string | undefined;
}

/** Properties as they were received. */
export interface ReceivedProperties extends BasicProperties {
  /** The table of the headers as it stands on the wire. Empty where there is none. */
  readonly table: Buffer;
}

type Kind = 'text' | 'octet' | 'timestamp' | 'table';

/** In the order in which they stand on the wire. The first has the highest flag. */
const layout: readonly (readonly [name: keyof BasicProperties, kind: Kind])[] = [
  ['contentType', 'text'],
  ['contentEncoding', 'text'],
  ['headers', 'table'],
  ['deliveryMode', 'octet'],
  ['priority', 'octet'],
  ['correlationId', 'text'],
  ['replyTo', 'text'],
  ['expiration', 'text'],
  ['messageId', 'text'],
  ['timestamp', 'timestamp'],
  ['type', 'text'],
  ['userId', 'text'],
  ['appId', 'text'],
  ['clusterId', 'text'],
];

const highestFlag = 0x8000;
const noTable = Buffer.alloc(0);

/**
 * Reads properties.
 *
 * @param bytes the flags and all that follows them in a frame
 * @throws what `decodeTable` throws
 */
export function decodeProperties(bytes: Buffer): ReceivedProperties {
  const flags = bytes.readUInt16BE(0);
  const properties: Record<string, unknown> & { table: Buffer } = { table: noTable };
  let offset = 2;
  let flag = highestFlag;
  for (const [name, kind] of layout) {
    if ((flags & flag) !== 0) {
      switch (kind) {
        case 'text': {
          const end = offset + 1 + (bytes[offset] as number);
          properties[name] = bytes.toString('utf8', offset + 1, end);
          offset = end;
          break;
        }
        case 'octet':
          properties[name] = bytes[offset];
          offset += 1;
          break;
        case 'timestamp':
          properties[name] = uint64(bytes, offset);
          offset += 8;
          break;
        case 'table': {
          const end = offset + 4 + bytes.readUInt32BE(offset);
          properties.table = bytes.subarray(offset + 4, end);
          properties[name] = decodeTable(properties.table);
          offset = end;
          break;
        }
      }
    }
    flag >>= 1;
  }
  return properties;
}

/**
 * Writes properties.
 *
 * @param properties without `headers`
 * @param fields the encoded fields of the table
 * @returns the flags and all that follows them in a frame
 * @throws RangeError for headers that are too large, TypeError for a text of more than 255 bytes
 */
export function encodeProperties(properties: BasicProperties, fields: readonly Buffer[]): Buffer {
  const table = Buffer.concat(fields);
  if (table.length + 4 > maxHeaderBytes) throw new RangeError('The headers are too large');
  const parts: Buffer[] = [];
  let flags = 0;
  let flag = highestFlag;
  for (const [name, kind] of layout) {
    const value = kind === 'table' ? table : properties[name];
    if (value !== undefined) {
      flags |= flag;
      parts.push(...encoded(kind, value));
    }
    flag >>= 1;
  }
  return Buffer.concat([uint(2, flags), ...parts]);
}

function encoded(kind: Kind, value: unknown): Buffer[] {
  switch (kind) {
    case 'text': {
      const text = Buffer.from(value as string);
      if (text.length > maxShortStringBytes)
        throw new TypeError(`A property has more than ${maxShortStringBytes} bytes`);
      return [uint(1, text.length), text];
    }
    case 'octet':
      return [uint(1, value as number)];
    case 'timestamp': {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64BE(BigInt(value as number | bigint));
      return [bytes];
    }
    case 'table':
      return [uint(4, (value as Buffer).length), value as Buffer];
  }
}

function uint(size: number, value: number): Buffer {
  const bytes = Buffer.alloc(size);
  bytes.writeUIntBE(value, 0, size);
  return bytes;
}
