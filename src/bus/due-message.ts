import { LittoralError } from '../errors.ts';
import { maxTimeToLiveMs } from '../message/limits.ts';
import { Header, type MessageHeaders, type PayloadType } from '../message/message-headers.ts';
import { validateKey } from '../message/routing-key.ts';
import type { TransportMessage } from '../message/transport-message.ts';
import { describeValue } from '../text/describe-value.ts';
import type { BusMessage } from './publish-on-bus.ts';

/**
 * A message that waits to be published. Its time to live begins when it is due, so until then it travels as a header.
 */
export function toDueMessage({ message, timeToLive }: BusMessage): TransportMessage {
  if (timeToLive === undefined) return message;
  return { ...message, headers: { ...message.headers, [Header.timeToLive]: timeToLive } };
}

/**
 * Returns the message to publish for one that is due.
 *
 * @param due whatever arrived where delayed messages do
 * @throws LittoralError `malformed-message`
 */
export function fromDueMessage(due: TransportMessage): BusMessage {
  const { headers } = due;
  const { [Header.timeToLive]: timeToLive, ...others } = headers;
  return {
    payloadType: payloadTypeOf(headers),
    // Every message carries the key that it is published under.
    target: targetOf(headers),
    message: { ...due, headers: others },
    timeToLive:
      timeToLive === undefined || isTimeToLive(timeToLive) ? timeToLive : malformed(Header.timeToLive, timeToLive),
  };
}

function payloadTypeOf({ [Header.payloadType]: type }: MessageHeaders): PayloadType {
  return type === 'command' || type === 'event' || type === 'message' ? type : malformed(Header.payloadType, type);
}

function targetOf({ [Header.serviceTarget]: target }: MessageHeaders): string {
  return typeof target === 'string' && !validateKey(target) ? target : malformed(Header.serviceTarget, target);
}

function isTimeToLive(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= maxTimeToLiveMs;
}

function malformed(name: string, value: unknown): never {
  throw new LittoralError(
    'malformed-message',
    `A delayed message cannot be published: its header '${name}' is ${describeValue(value)}, not what littoral writes there.`,
  );
}
