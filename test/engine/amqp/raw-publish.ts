import type { Duplex } from 'node:stream';
import type { ChannelModel } from 'amqplib';

/**
 * Publishes to a queue with a header table that is encoded already, frame by frame (AMQP 0-9-1 section 4.2): clients
 * refuse to encode what a hostile one may send.
 *
 * @param channelNumber of an open channel of the connection
 */
export function rawPublish(connection: ChannelModel, channelNumber: number, queue: string, table: Buffer): void {
  const { stream } = connection.connection as unknown as { stream: Duplex };
  const body = Buffer.from('{}');
  const name = Buffer.from(queue);
  const basicPublish = Buffer.concat([Buffer.from([0, 60, 0, 40, 0, 0, 0, name.length]), name, Buffer.from([0])]);
  const header = Buffer.alloc(14);
  header.writeUInt16BE(60, 0);
  header.writeBigUInt64BE(BigInt(body.length), 4);
  header.writeUInt16BE(0x2000, 12); // The only property: headers.
  stream.write(frame(1, channelNumber, basicPublish));
  stream.write(frame(2, channelNumber, Buffer.concat([header, lengthPrefixed(table)])));
  stream.write(frame(3, channelNumber, body));
}

/** Tables in tables, without a table around the outermost. */
export function nestedTables(levels: number): Buffer {
  // From the inside out, each level is: name 'a', type table, length. The lengths are known beforehand.
  const perLevel = 7;
  const table = Buffer.alloc(levels * perLevel);
  for (let level = 0; level < levels; level += 1) {
    const offset = level * perLevel;
    table.write('\u0001aF', offset, 'latin1');
    table.writeUInt32BE((levels - level - 1) * perLevel, offset + 3);
  }
  return table;
}

function frame(type: number, channelNumber: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(7);
  head.writeUInt8(type, 0);
  head.writeUInt16BE(channelNumber, 1);
  head.writeUInt32BE(payload.length, 3);
  return Buffer.concat([head, payload, Buffer.from([0xce])]);
}

function lengthPrefixed(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
