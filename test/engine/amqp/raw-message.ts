import type { Duplex } from 'node:stream';
import type { ChannelModel } from 'amqplib';

// Messages as they stand on the wire (AMQP 0-9-1 section 4.2), written and read without amqplib's codec and without that
// of littoral: neither client tells a long string that is not UTF-8, or an int16, from its neighbours.

/** A message with its properties, and with each header as the letter of its type and the bytes of its value. */
export interface RawMessage {
  readonly properties: Readonly<Record<string, string | number | bigint>>;
  readonly headers: Readonly<Record<string, RawField>>;
  readonly body: Buffer;
}

/** The letter of the type, then the bytes of the value in hexadecimal digits. */
export type RawField = `${string}:${string}`;

const layout = [
  ['content_type', 'text'],
  ['content_encoding', 'text'],
  ['headers', 'table'],
  ['delivery_mode', 'octet'],
  ['priority', 'octet'],
  ['correlation_id', 'text'],
  ['reply_to', 'text'],
  ['expiration', 'text'],
  ['message_id', 'text'],
  ['timestamp', 'uint64'],
  ['type', 'text'],
  ['user_id', 'text'],
  ['app_id', 'text'],
  ['cluster_id', 'text'],
] as const;

const sizes: Readonly<Record<string, number>> = {
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

/** A header of a type whose size is in its value: text, bytes, a table, an array. */
export function sized(type: 'S' | 'x' | 'F' | 'A', content: Uint8Array | string): RawField {
  const bytes = Buffer.from(content as string);
  return `${type}:${uint(4, bytes.length).toString('hex')}${bytes.toString('hex')}`;
}

/** The bytes of headers as they stand in a table. */
export function tableOf(headers: RawMessage['headers']): Buffer {
  const fields = Object.entries(headers).map(([name, field]) =>
    Buffer.concat([shortText(name), Buffer.from(field.slice(0, 1)), Buffer.from(field.slice(2), 'hex')]),
  );
  return Buffer.concat(fields);
}

/**
 * Publishes a message.
 *
 * @param channelNumber of an open channel of the connection
 */
export function publishRaw(
  connection: ChannelModel,
  channelNumber: number,
  { exchange = '', routingKey }: { exchange?: string; routingKey: string },
  { properties, headers, body }: RawMessage,
): void {
  const { stream } = connection.connection as unknown as { stream: Duplex };
  let flags = 0;
  const values: Buffer[] = [];
  for (const [index, [name, kind]] of layout.entries()) {
    const value = kind === 'table' ? tableOf(headers) : properties[name];
    if (value === undefined) continue;
    flags |= 0x8000 >> index;
    if (kind === 'text') values.push(shortText(String(value)));
    else if (kind === 'octet') values.push(uint(1, Number(value)));
    else if (kind === 'uint64') values.push(uint64(BigInt(value as number)));
    else values.push(uint(4, (value as Buffer).length), value as Buffer);
  }
  const method = Buffer.concat([
    Buffer.from([0, 60, 0, 40, 0, 0]),
    shortText(exchange),
    shortText(routingKey),
    uint(1, 0),
  ]);
  const header = Buffer.concat([uint(2, 60), uint(2, 0), uint64(BigInt(body.length)), uint(2, flags), ...values]);
  const frames = [frame(1, channelNumber, method), frame(2, channelNumber, header)];
  if (body.length > 0) frames.push(frame(3, channelNumber, body));
  stream.write(Buffer.concat(frames));
}

/** Notes every message that a connection receives from now on, as it came. Bodies of one frame only. */
export function watchMessages(connection: ChannelModel): readonly RawMessage[] {
  const seen: { properties: RawMessage['properties']; headers: RawMessage['headers']; body: Buffer }[] = [];
  let rest = Buffer.alloc(0);
  const { stream } = connection.connection as unknown as { stream: Duplex };
  stream.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 7 && rest.length >= 8 + rest.readUInt32BE(3)) {
      const size = rest.readUInt32BE(3);
      const payload = Buffer.from(rest.subarray(7, 7 + size));
      if (rest[0] === 2) seen.push({ ...read(payload), body: Buffer.alloc(0) });
      else if (rest[0] === 3) (seen.at(-1) as (typeof seen)[number]).body = payload;
      rest = rest.subarray(8 + size);
    }
  });
  return seen;
}

function read(header: Buffer): Omit<RawMessage, 'body'> {
  const flags = header.readUInt16BE(12);
  let offset = 14;
  const properties: Record<string, string | number | bigint> = {};
  let headers: Record<string, RawField> = {};
  const take = (count: number) => {
    offset += count;
    return header.subarray(offset - count, offset);
  };
  for (const [index, [name, kind]] of layout.entries()) {
    if ((flags & (0x8000 >> index)) === 0) continue;
    if (kind === 'text') properties[name] = take(take(1)[0] as number).toString();
    else if (kind === 'octet') properties[name] = take(1)[0] as number;
    else if (kind === 'uint64') properties[name] = take(8).readBigUInt64BE();
    else headers = fieldsIn(take(take(4).readUInt32BE()));
  }
  return { properties, headers };
}

function fieldsIn(table: Buffer): Record<string, RawField> {
  const fields: Record<string, RawField> = {};
  for (let offset = 0; offset < table.length; ) {
    const nameEnd = offset + 1 + (table[offset] as number);
    const type = String.fromCharCode(table[nameEnd] as number);
    const end = nameEnd + 1 + (sizes[type] ?? 4 + table.readUInt32BE(nameEnd + 1));
    const name = table.toString('utf8', offset + 1, nameEnd);
    const field: RawField = `${type}:${table.toString('hex', nameEnd + 1, end)}`;
    Object.defineProperty(fields, name, { value: field, enumerable: true });
    offset = end;
  }
  return fields;
}

function shortText(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([uint(1, bytes.length), bytes]);
}

function uint(size: number, value: number): Buffer {
  const bytes = Buffer.alloc(size);
  bytes.writeUIntBE(value, 0, size);
  return bytes;
}

function uint64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}

function frame(type: number, channelNumber: number, payload: Buffer): Buffer {
  return Buffer.concat([uint(1, type), uint(2, channelNumber), uint(4, payload.length), payload, Buffer.from([0xce])]);
}
