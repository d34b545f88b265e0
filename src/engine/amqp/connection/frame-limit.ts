import type { ChannelModel, Options } from 'amqplib';
import { LittoralError } from '../../../errors.ts';
import { maxHeaderBytes } from '../../../message/limits.ts';
import { type BasicProperties, encodeProperties } from '../basic-properties.ts';
import { encodeField } from '../field-table.ts';
import { encodedProperties } from './exact-frames.ts';

// The properties and headers of a message travel in one frame, which cannot be split as a body can. RabbitMQ ends the
// connection over a frame that is larger than its frame_max, and with it every other publish in flight there.

/** Frame overhead (type, channel, size, end), then the header's class, weight and body size. */
const overheadBytes = 8 + 12;

/** Upper bound for properties and headers: 14 properties of at most 256 bytes, and the table. */
const largestBytes = maxHeaderBytes + 14 * 256;

/** Returns the number of bytes for properties and headers in a frame; undefined if all that littoral writes fits. */
export function propertyLimit(model: ChannelModel): number | undefined {
  const { frameMax } = model.connection as { frameMax?: unknown };
  if (typeof frameMax !== 'number' || frameMax - overheadBytes >= largestBytes) return undefined;
  return frameMax - overheadBytes;
}

/** Throws if the properties do not fit. @throws LittoralError `headers-too-large` */
export function assertFitsFrame(properties: Options.Publish, limit: number | undefined): void {
  if (limit === undefined) return;
  const bytes = propertyBytes(properties);
  if (bytes <= limit) return;
  throw new LittoralError(
    'headers-too-large',
    `The properties and headers of the message take ${bytes} bytes; the frame_max of this broker leaves room for ` +
      `${limit}. Move large values into the payload, or raise frame_max in rabbitmq.conf.`,
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

/** Returns a header value without the wrapper that states its AMQP type. The number takes the same bytes either way. */
function plainValue(value: unknown): unknown {
  return typeof value === 'object' && value !== null && '!' in value ? (value as { value?: unknown }).value : value;
}
