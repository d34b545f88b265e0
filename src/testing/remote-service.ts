import { DistributedBus } from '../bus/distributed-bus.ts';
import type { SendOptions } from '../bus/send-options.ts';
import type { SendReceipt } from '../bus/send-receipt.ts';
import type { Publication } from '../engine/publication.ts';
import { LittoralError } from '../errors.ts';
import type { Components } from '../gateway/components.ts';
import { HandlerRegistry } from '../handler/handler-registry.ts';
import type { Metadata } from '../wire/metadata.ts';
import type { TestEngine } from './test-engine.ts';

/** The options of a message from a test, beside its payload and metadata. */
export interface TestSendOptions extends Omit<SendOptions, 'deliveryDelay'> {
  /**
   * The media type of a payload that is text or bytes; the media type to which a value is converted. Default:
   * `text/plain` for text, `application/octet-stream` for bytes, and for a value the default of the configuration, else
   * JSON.
   */
  readonly mediaType?: string | undefined;
}

type Send = (
  routingKey: string,
  payload?: unknown,
  metadata?: Metadata,
  options?: TestSendOptions,
) => Promise<SendReceipt>;

/** Sends to the service under test as another service does, without knowledge of its handlers. */
export interface RemoteService {
  readonly sendCommand: Send;
  readonly publishEvent: Send;
}

export function remoteService({ config, conversion, services }: Components, channel: TestEngine): RemoteService {
  const { service, defaultSerializationMediaType } = config;
  const bus = new DistributedBus({
    service: 'test',
    channel: {
      publish: (one) => channel.publishFromRemote(undelayed(one)),
      hasRoomFor: () => channel.hasRoomFor(),
      publishesAtOnce: () => channel.publishesAtOnce(),
      roomMade: () => channel.roomMade(),
      hasQueue: (queue) => channel.hasQueue(queue),
    },
    conversion,
    registry: new HandlerRegistry([], { conversion, services, variables: {} }),
    checkDestinations: false,
    defaultSerializationMediaType,
    // PHP services send this header too.
    allowPhpSerialized: true,
  });
  return {
    sendCommand(key, payload = '', metadata, { mediaType, ...options } = {}) {
      const source = mediaType ?? mediaTypeOf(payload);
      if (isEncoded(payload)) return bus.sendCommand(service, key, payload, source, metadata, options);
      return bus.convertAndSendCommand(service, key, payload, metadata, { ...options, targetMediaType: mediaType });
    },
    publishEvent(key, payload = '', metadata, { mediaType, ...options } = {}) {
      const source = mediaType ?? mediaTypeOf(payload);
      if (isEncoded(payload)) return bus.publishEvent(key, payload, source, metadata, options);
      return bus.convertAndPublishEvent(key, payload, metadata, { ...options, targetMediaType: mediaType });
    },
  };
}

/** Another service would hold it back itself, and nothing runs here for that one. */
function undelayed(publication: Publication): Publication {
  if (publication.delayMs === undefined) return publication;
  throw new LittoralError(
    'wrong-usage',
    'A test cannot delay what it sends to its gateway: call advanceTime, then send without deliveryDelay.',
  );
}

function isEncoded(payload: unknown): payload is string | Uint8Array {
  return typeof payload === 'string' || payload instanceof Uint8Array;
}

function mediaTypeOf(payload: unknown): string {
  return payload instanceof Uint8Array ? 'application/octet-stream' : 'text/plain';
}
