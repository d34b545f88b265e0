import { LittoralError } from '../errors.ts';
import { longestDelayMs, maxPriority, maxShortStringBytes, maxTimeToLiveMs } from '../message/limits.ts';
import { isMessageId } from '../message/message-id.ts';
import type { SendRequest } from './send-request.ts';

/** The options of a message, beside its payload and metadata. */
export interface SendOptions {
  /** The message's id, a UUID. Default: a new UUIDv7. */
  readonly id?: string | undefined;
  /** The id that related messages have in common. At most 255 bytes. Default: the id of the message. */
  readonly correlationId?: string | undefined;
  /**
   * Milliseconds after which the undelivered message expires: an integer from 1 to 4,294,967,295. For a delayed
   * message, they count from its due time. Default: never.
   */
  readonly timeToLive?: number | undefined;
  /** A priority that the handler can read: an integer from 0 to 255. Default: none. */
  readonly priority?: number | undefined;
  /**
   * Milliseconds to hold the message back: an integer from 0 to 2,592,000,000, which is 30 days. It is never early, and
   * late by up to 1/256 of the delay, at most about a second. Default: 0.
   */
  readonly deliveryDelay?: number | undefined;
}

/** Converts the options of the bus methods to fields of a request. */
export function requestOptions(
  options: SendOptions,
): Pick<SendRequest, 'id' | 'correlationId' | 'delayMs' | 'timeToLiveMs' | 'priority'> {
  const { id, correlationId, deliveryDelay: delayMs, timeToLive: timeToLiveMs, priority } = options;
  return { id, correlationId, delayMs, timeToLiveMs, priority };
}

/** @throws LittoralError `invalid-header` */
export function assertSendOptions({ id, correlationId, timeToLiveMs, priority, delayMs }: Partial<SendRequest>): void {
  if (id !== undefined && !isMessageId(id)) throw invalid('The message id is not a UUID.');
  if (correlationId !== undefined) checkCorrelationId(correlationId);
  if (timeToLiveMs !== undefined) checkInteger('time to live, in milliseconds,', timeToLiveMs, 1, maxTimeToLiveMs);
  if (priority !== undefined) checkInteger('priority', priority, 0, maxPriority);
  if (delayMs !== undefined) checkInteger('delivery delay, in milliseconds,', delayMs, 0, longestDelayMs);
}

function checkCorrelationId(correlationId: unknown): void {
  if (typeof correlationId !== 'string' || correlationId === '' || !correlationId.isWellFormed()) {
    throw invalid('The correlation id is not a text with at least one character.');
  }
  if (Buffer.byteLength(correlationId) > maxShortStringBytes)
    throw invalid(`The correlation id is longer than ${maxShortStringBytes} bytes.`);
}

function checkInteger(name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw invalid(`The ${name} is not an integer from ${min} to ${max}.`);
}

function invalid(detail: string): LittoralError {
  return new LittoralError('invalid-header', detail);
}
