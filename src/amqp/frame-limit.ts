import type { ChannelModel, Options } from 'amqplib';
import { LittoralError } from '../errors.ts';
import { type BasicProperties, encodeProperties, maxTableBytes } from './basic-properties.ts';
import { encodedProperties } from './exact-frames.ts';
import { encodeField } from './field-table.ts';

// The properties and headers of a message travel in one frame, which cannot be split as a body can. RabbitMQ ends the
// connection over a frame that is larger than its frame_max, and with it everything that others have in flight there.

/** A type, a channel, a size and an end; then a class, a weight and the size of the body. */
const overheadBytes = 8 + 12;

/** More than properties and headers can ever take: 14 properties of at most 256 bytes, and the table. */
const largestBytes = maxTableBytes + 14 * 256;

/** How many bytes of properties and headers fit into a frame of this connection. Undefined: all that littoral writes. */
export function propertyLimit(model: ChannelModel): number | undefined {
  const { frameMax } = model.connection as { frameMax?: unknown };
  if (typeof frameMax !== 'number' || frameMax - overheadBytes >= largestBytes) return undefined;
  return frameMax - overheadBytes;
}

/** @throws LittoralError `headers-too-large` */
export function assertFitsFrame(properties: Options.Publish, limit: number | undefined): void {
  if (limit === undefined) return;
  const bytes = propertyBytes(properties);
  if (bytes <= limit) return;
  throw new LittoralError(
    'headers-too-large',
    `The properties and headers of the message take ${bytes} bytes; the frame_max of this broker leaves room for ` +
      `${limit}. Put what is large into the payload, or raise frame_max in rabbitmq.conf.`,
    { messageId: properties.messageId },
  );
}

function propertyBytes({ headers = {}, persistent: _, mandatory: __, ...others }: Options.Publish): number {
  const encoded = (headers as { readonly [encodedProperties]?: Buffer })[encodedProperties];
  if (encoded !== undefined) return encoded.length;
  const fields = Object.entries(headers)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => encodeField(name, plainValue(value)));
  return encodeProperties({ ...(others as BasicProperties), deliveryMode: 2 }, fields).length;
}

/** A number that amqplib is told the type of takes as many bytes as without it. */
function plainValue(value: unknown): unknown {
  return typeof value === 'object' && value !== null && '!' in value ? (value as { value?: unknown }).value : value;
}
