import type { ChannelModel, ConfirmChannel } from 'amqplib';
import { decodeProperties, type ReceivedProperties } from '../basic-properties.ts';
import { PublishChunks } from './publish-chunks.ts';

// amqplib loses digits and types of headers, and has no option to read or write them exactly. This file replaces three
// methods of one connection of the pinned version. If these methods are not as expected, amqplib's own code runs.

/** The key of the encoded properties in the headers that amqplib gets. */
export const encodedProperties = Symbol('encoded properties');

/** The properties of a received message. amqplib itself reads no such table, so every field can be missing. */
export type ReadProperties = Partial<ReceivedProperties>;

interface Frame {
  readonly id: number;
  readonly channel: number;
  readonly size: number;
  readonly fields: ReceivedProperties;
}

interface PublishProperties {
  readonly headers?: { readonly [encodedProperties]?: Buffer };
}

interface PublishFields {
  readonly exchange: string;
  readonly routingKey: string;
  readonly mandatory: boolean;
}

interface ChannelBuffer {
  write(frame: Buffer): boolean;
}

/** The parts of amqplib's connection that this file uses. */
interface Internals {
  rest: Buffer;
  readonly maxFrameSize: number;
  readonly frameMax: number;
  sentSinceLastCheck: boolean;
  readonly channels: readonly ({ readonly buffer: ChannelBuffer } | null)[];
  recvFrame(): Frame | false;
  sendMethod(channel: number, method: number, fields: object): boolean;
  sendContent(channel: number, content: Buffer): boolean;
  sendMessage: SendMessage;
}

type SendMessage = (
  this: Internals,
  channel: number,
  method: number,
  fields: PublishFields,
  propertiesId: number,
  properties: PublishProperties,
  content: Buffer,
) => boolean;

const headerFrame = 2;
const frameEnd = 0xce;
const basicClass = 60;
/** Bytes of the type, the channel and the size. */
const frameHeadBytes = 7;
/** Bytes of the class, the weight and the size of the body. */
const contentHeadBytes = 12;

/**
 * Makes a connection read and write the properties of messages exactly.
 *
 * @returns false if amqplib is not as expected; the connection is unchanged then
 */
export function useExactFrames(model: ChannelModel): boolean {
  const connection = model.connection as unknown as Internals;
  if (!isAsExpected(connection)) return false;
  const { recvFrame, sendMethod, sendMessage } = connection;
  let chunks: PublishChunks | undefined;
  let chunksBuffer: ChannelBuffer | undefined;
  // The frames of a channel keep their order, because the collected publishes are written first.
  const chunksOf = (channel: number): PublishChunks | undefined => {
    const buffer = connection.channels[channel]?.buffer;
    if (chunks !== undefined && chunksBuffer === buffer) return chunks;
    chunks?.flush();
    chunksBuffer = buffer;
    chunks =
      buffer &&
      new PublishChunks(channel, (bytes) => {
        // The frames of a closed channel cannot be written any more. Its publishes remain unconfirmed.
        if (connection.channels[channel]?.buffer === buffer) buffer.write(bytes);
      });
    return chunks;
  };
  connection.recvFrame = function () {
    return readHeaderFrame(this) ?? recvFrame.call(this);
  };
  // When the connection closes, amqplib replaces these two by functions that throw.
  connection.sendMethod = function (channel, method, fields) {
    chunks?.flush();
    return sendMethod.call(this, channel, method, fields);
  };
  connection.sendMessage = function (channel, method, fields, propertiesId, properties, content) {
    const encoded = properties.headers?.[encodedProperties];
    if (encoded === undefined) {
      chunks?.flush();
      return sendMessage.call(this, channel, method, fields, propertiesId, properties, content);
    }
    const { exchange, routingKey, mandatory } = fields;
    const publish = { exchange, routingKey, properties: encoded, content };
    if (mandatory && this.frameMax > 0 && chunksOf(channel)?.add(publish, this.frameMax)) {
      this.sentSinceLastCheck = true;
      return true;
    }
    this.sendMethod(channel, method, fields);
    this.channels[channel]?.buffer.write(contentHeader(channel, content.length, encoded));
    return this.sendContent(channel, content);
  };
  exactConnections.add(connection);
  return true;
}

const exactConnections = new WeakSet<object>();

/** The two steps of a channel's method `publish`. They are not in amqplib's public interface. */
interface ChannelParts {
  sendMessage(fields: PublishFields, properties: PublishProperties, content: Buffer): boolean;
  pushConfirmCallback(onConfirm: (error: Error | null) => void): void;
}

/**
 * Returns a function that publishes messages whose properties are encoded already. It avoids the object with all fields
 * and properties that amqplib creates for each publish.
 *
 * @returns undefined if amqplib is not as expected
 */
export function encodedPublisher(model: ChannelModel, channel: ConfirmChannel) {
  const { sendMessage, pushConfirmCallback } = channel as unknown as Partial<ChannelParts>;
  if (!exactConnections.has(model.connection)) return undefined;
  if (sendMessage?.length !== 3 || pushConfirmCallback?.length !== 1) return undefined;
  const publishing = channel as unknown as ChannelParts;
  return (
    { exchange, routingKey }: Pick<PublishFields, 'exchange' | 'routingKey'>,
    properties: Buffer,
    content: Buffer,
    onConfirm: (error: Error | null) => void,
  ): void => {
    const headers = { [encodedProperties]: properties };
    // When the channel closes, amqplib replaces this method by one that throws.
    publishing.sendMessage({ exchange, routingKey, mandatory: true }, { headers }, content);
    publishing.pushConfirmCallback(onConfirm);
  };
}

export type PublishEncoded = NonNullable<ReturnType<typeof encodedPublisher>>;

function isAsExpected(connection: Partial<Internals>): connection is Internals {
  const { rest, maxFrameSize, channels, recvFrame, sendMethod, sendContent, sendMessage } = connection;
  return (
    Buffer.isBuffer(rest) &&
    typeof maxFrameSize === 'number' &&
    Array.isArray(channels) &&
    [recvFrame, sendMethod, sendContent, sendMessage].every((method) => typeof method === 'function') &&
    recvFrame?.length === 0 &&
    sendMethod?.length === 3 &&
    sendContent?.length === 2 &&
    sendMessage?.length === 6
  );
}

/** @returns undefined if the next frame is not a header, or is incomplete: amqplib then reads more and calls again */
function readHeaderFrame(connection: Internals): Frame | undefined {
  const { rest, maxFrameSize } = connection;
  if (rest[0] !== headerFrame || rest.length < frameHeadBytes) return undefined;
  const size = rest.readUInt32BE(3);
  const end = frameHeadBytes + size;
  if (rest.length <= end || rest[end] !== frameEnd || (maxFrameSize > 0 && size > maxFrameSize)) return undefined;
  if (rest.readUInt16BE(frameHeadBytes) !== basicClass) return undefined;
  connection.rest = rest.subarray(end + 1);
  return {
    id: basicClass,
    channel: rest.readUInt16BE(1),
    size: Number(rest.readBigUInt64BE(frameHeadBytes + 4)),
    fields: decodeProperties(rest.subarray(frameHeadBytes + contentHeadBytes, end)),
  };
}

function contentHeader(channel: number, bodyBytes: number, properties: Buffer): Buffer {
  const size = contentHeadBytes + properties.length;
  const frame = Buffer.alloc(frameHeadBytes + size + 1);
  frame[0] = headerFrame;
  frame.writeUInt16BE(channel, 1);
  frame.writeUInt32BE(size, 3);
  frame.writeUInt16BE(basicClass, frameHeadBytes);
  frame.writeBigUInt64BE(BigInt(bodyBytes), frameHeadBytes + 4);
  properties.copy(frame, frameHeadBytes + contentHeadBytes);
  frame[frame.length - 1] = frameEnd;
  return frame;
}
