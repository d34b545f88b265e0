import { LittoralError } from '../errors.ts';
import { validateKey } from '../message/routing-key.ts';
import { describeValue } from '../text/describe-value.ts';
import type { SendRequest } from './send-request.ts';

/** @throws LittoralError `not-convertible` for what is neither bytes nor text */
export function bytesOf(payload: unknown): Uint8Array {
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
  event: [undefined, 'routing key'],
  message: ['destination', 'channel'],
} as const;

/** The longest service name whose queue's name is still one that AMQP can carry. */
const maxDestinationBytes = 200;

/** Throws if a key is invalid. @throws LittoralError `wrong-usage` for an unknown kind, `invalid-key` */
export function assertKeys({ kind, destination, routingKey }: SendRequest): void {
  if (!Object.hasOwn(keyNames, kind)) {
    throw new LittoralError(
      'wrong-usage',
      `The kind of the message is ${describeValue(kind)}; give command, event or message.`,
    );
  }
  const [destinationName, routingKeyName] = keyNames[kind];
  assertKey(routingKeyName, routingKey);
  if (destinationName === undefined) return;
  assertKey(destinationName, destination);
  if (Buffer.byteLength(destination as string) > maxDestinationBytes) {
    throw new LittoralError('invalid-key', `The destination is longer than ${maxDestinationBytes} bytes.`);
  }
}

function assertKey(name: string, key: unknown): void {
  const issue = typeof key === 'string' ? validateKey(key) : 'is not a text';
  if (issue) throw new LittoralError('invalid-key', `The ${name} ${issue}.`);
}
