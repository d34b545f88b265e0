import { setImmediate } from 'node:timers/promises';
import { isUnhandled, type UnhandledMessages } from '../deferral/unhandled-messages.ts';
import type { Delivery } from '../engine/delivery.ts';
import type { Logger } from '../logger.ts';
import { describeMessage } from '../message/describe-message.ts';
import type { Message } from '../message/message.ts';
import type { SettledDelivery } from '../recovery/delivery-outcome.ts';
import { errorSnapshot } from '../recovery/error-snapshot.ts';
import type { DeliveryResult, HandlerFailure } from '../recovery/handler-result.ts';
import type { Recovery } from '../recovery/recovery.ts';
import { endpointOf, keyOnBusOf } from '../recovery/retry-message.ts';
import { type TimeToLive, timeToLiveOf } from '../recovery/time-to-live.ts';
import type { WallClock } from '../time/clock.ts';
import { decodeContent, isEncoded } from '../wire/content-encoding.ts';
import { transportToMessage } from '../wire/transport-to-message.ts';
import type { Pipeline } from './pipeline.ts';
import type { RecipientResolver, Recipients } from './recipient-resolver.ts';

export interface DeliveryHandlerOptions {
  readonly messages: RecipientResolver;
  readonly unhandled: UnhandledMessages;
  readonly pipeline: Pipeline;
  readonly recovery: Recovery;
  readonly clock: WallClock;
  /** Maximum size of a decompressed body in bytes. */
  readonly maxDecodedBytes: number;
  readonly logger: Logger;
}

/** The size from which decoding a body several times in a row would hold up the process, in bytes. */
const largeBytes = 64 * 1024;

/** Handles deliveries: the order in which everything happens to one, from the message to its settlement. */
export class DeliveryHandler {
  readonly #options: DeliveryHandlerOptions;
  readonly #wallMs: () => number;

  constructor(options: DeliveryHandlerOptions) {
    this.#options = options;
    this.#wallMs = () => options.clock.wallMs();
  }

  async handle(delivery: Delivery): Promise<SettledDelivery> {
    const timeToLive = timeToLiveOf(delivery, this.#wallMs);
    const results = await this.#resultsOf(delivery, timeToLive);
    return this.#options.recovery.settle(delivery, results, timeToLive);
  }

  async #resultsOf(delivery: Delivery, timeToLive: TimeToLive | undefined): Promise<readonly DeliveryResult[]> {
    const { messages, unhandled, pipeline, logger } = this.#options;
    let message = transportToMessage(delivery.message);
    const endpointId = endpointOf(delivery);

    let recipients: Recipients;
    try {
      recipients = messages.resolve(message, keyOnBusOf(delivery), endpointId);
    } catch (error) {
      if (isUnhandled(error)) return [await unhandled.resultOf(delivery, error, timeToLive)];
      return [this.#failed(error, message, endpointId, 'a message cannot be handled')];
    }
    if (recipients.length === 0) logger.debug(describeMessage(message), 'not for this service');

    if (recipients.length > 0 && isEncoded(message.headers)) {
      try {
        message = { ...message, payload: await this.#decompressed(delivery) };
      } catch (error) {
        return [this.#failed(error, message, endpointId, 'the body of a message cannot be decompressed')];
      }
    }

    // The handlers of an event fail independently: one that fails does not keep the message from the others.
    const results: DeliveryResult[] = [];
    for (const handler of recipients) {
      // Each handler decodes the body again, because it may change what it gets.
      if (results.length > 0 && message.payload.byteLength >= largeBytes) await setImmediate();
      const pending = pipeline.call({ handler, message, delivery, timeToLive, attempt: 1 });
      const result = pending instanceof Promise ? await pending : pending;
      results.push(result);
      if (result.kind === 'interrupted') break;
    }
    return results;
  }

  /** Returns the failure of a message before its handlers are called. It names its handler, which a replay then finds. */
  #failed(error: unknown, message: Message, endpointId: string | undefined, event: string): HandlerFailure {
    this.#options.logger.error({ ...describeMessage(message), reason: errorSnapshot(error).message }, event);
    return { kind: 'failed', error, endpointId };
  }

  #decompressed({ message: { body, headers } }: Delivery): Promise<Uint8Array> {
    return decodeContent(body, headers, this.#options.maxDecodedBytes);
  }
}
