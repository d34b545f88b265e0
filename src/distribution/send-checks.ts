import { describeValue } from '../conversion/describe-value.ts';
import { LittoralError } from '../errors.ts';
import { faultOfKey } from '../handler/routing-key.ts';
import type { PayloadType } from '../message/message-headers.ts';

/** @throws LittoralError `not-convertible` for what is neither bytes nor text */
export function bytesOf(payload: string | Uint8Array): Uint8Array {
  if (payload instanceof Uint8Array) return payload;
  if (typeof payload === 'string' && payload.isWellFormed()) return Buffer.from(payload);
  const found = typeof payload === 'string' ? 'not valid Unicode' : describeValue(payload);
  throw new LittoralError(
    'not-convertible',
    `The payload is ${found}; send text or bytes, or a value by the method that converts it.`,
  );
}

const keyNames = {
  command: ['destination', 'routing key'],
  event: ['routing key', 'routing key'],
  message: ['destination', 'channel'],
} as const;

/** The longest service name whose queue's name is still one that AMQP can carry. */
const maxDestinationBytes = 200;

/** @throws LittoralError `invalid-key` */
export function checkKeys(payloadType: PayloadType, target: string, routingKey: string): void {
  const [targetName, routingKeyName] = keyNames[payloadType];
  checkKey(routingKeyName, routingKey);
  checkKey(targetName, target);
  if (payloadType !== 'event' && Buffer.byteLength(target) > maxDestinationBytes) {
    throw new LittoralError('invalid-key', `The destination is longer than ${maxDestinationBytes} bytes.`);
  }
}

function checkKey(name: string, key: string): void {
  const fault = typeof key === 'string' ? faultOfKey(key) : 'is not a text';
  if (fault) throw new LittoralError('invalid-key', `The ${name} ${fault}.`);
}
