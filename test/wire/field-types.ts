import type { Duplex } from 'node:stream';
import type { ChannelModel } from 'amqplib';

/**
 * Notes the AMQP field types of the headers of everything that a connection receives: decoding loses them, and to other
 * clients an int64 is not an int32.
 *
 * @returns the types of each received message in order, by header name, as letters of the field table grammar
 */
export function watchFieldTypes(connection: ChannelModel): readonly Readonly<Record<string, string>>[] {
  const seen: Record<string, string>[] = [];
  let rest = Buffer.alloc(0);
  const { stream } = connection.connection as unknown as { stream: Duplex };
  stream.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    // A frame: type, channel, size, payload, end octet (AMQP 0-9-1 section 4.2.3).
    while (rest.length >= 7 && rest.length >= 8 + rest.readUInt32BE(3)) {
      const size = rest.readUInt32BE(3);
      if (rest[0] === 2) seen.push(typesInHeaderFrame(rest.subarray(7, 7 + size)));
      rest = rest.subarray(8 + size);
    }
  });
  return seen;
}

/** A content header: class, weight, body size, flags, then the properties in the order of the flags. */
function typesInHeaderFrame(frame: Buffer): Record<string, string> {
  const flags = frame.readUInt16BE(12);
  let offset = 14;
  if (flags & 0x8000) offset += 1 + frame.readUInt8(offset); // content type
  if (flags & 0x4000) offset += 1 + frame.readUInt8(offset); // content encoding
  if (!(flags & 0x2000)) return {};
  return typesInTable(frame.subarray(offset + 4, offset + 4 + frame.readUInt32BE(offset)));
}

const fixedSizes: Readonly<Record<string, number>> = {
  t: 1,
  b: 1,
  B: 1,
  s: 2,
  u: 2,
  I: 4,
  i: 4,
  l: 8,
  f: 4,
  d: 8,
  T: 8,
  D: 5,
  V: 0,
};

function typesInTable(table: Buffer): Record<string, string> {
  const types: Record<string, string> = {};
  let offset = 0;
  while (offset < table.length) {
    const nameLength = table.readUInt8(offset);
    const name = table.toString('utf8', offset + 1, offset + 1 + nameLength);
    offset += 1 + nameLength;
    const type = String.fromCharCode(table.readUInt8(offset));
    offset += 1 + (fixedSizes[type] ?? 4 + table.readUInt32BE(offset + 1));
    types[name] = type;
  }
  return types;
}
