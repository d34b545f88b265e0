import type { SendReceipt } from '../bus/send-receipt.ts';
import { LittoralError } from '../errors.ts';
import type { Components } from '../gateway/components.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { Metadata } from '../wire/metadata.ts';
import { deadLetterQueue } from '../wire/service-queue.ts';
import type { Deliveries } from './deliveries.ts';
import { Failures } from './failures.ts';
import {
  type DeadLetter,
  deadLetters,
  type HandledMessage,
  handledMessages,
  type PublishedMessage,
  publishedMessage,
} from './observed-message.ts';
import { remoteService, type TestSendOptions } from './remote-service.ts';
import type { TestClock } from './test-clock.ts';
import type { TestEngine } from './test-engine.ts';

/**
 * A started gateway on an in-memory channel, and what a test needs around it. `app.inject` calls its HTTP routes;
 * `commandBus` and `eventBus` call its handlers that are not distributed.
 */
export interface TestGateway extends Gateway, AsyncDisposable {
  /**
   * Sends a command to this service, as another service named `test` would, and waits as `settled` does.
   *
   * @param payload text, bytes or any value. Default: an empty text
   * @param metadata headers for the handler
   * @throws the error of a handler that this message led to, or the LittoralError by which a message could not be
   * handled; an AggregateError of several; a LittoralError for an invalid key, payload or metadata
   */
  sendCommand(
    routingKey: string,
    payload?: unknown,
    metadata?: Metadata,
    options?: TestSendOptions,
  ): Promise<SendReceipt>;
  /** Publishes an event, as another service would, and waits, as `sendCommand` does. */
  publishEvent(
    routingKey: string,
    payload?: unknown,
    metadata?: Metadata,
    options?: TestSendOptions,
  ): Promise<SendReceipt>;
  /**
   * Waits until the service's queue is empty and no message is being handled. It does not wait for delayed messages.
   *
   * @throws the errors that were not thrown before: that of a handler, or an AggregateError of several
   */
  settled(): Promise<void>;
  /**
   * Advances the clock of the channel, by which messages expire, delayed messages become due, and records of handled
   * messages expire. Waits for the work that begins within that time, not for a handler that was running before. The
   * deadlines of handlers follow the clock of the system.
   *
   * @param milliseconds 0 or more
   * @throws as `settled`; LittoralError `wrong-usage`
   */
  advanceTime(milliseconds: number): Promise<void>;
  /**
   * The messages that the gateway's handlers and routes have put on the distributed bus, in order; not those of the
   * test.
   */
  readonly published: readonly PublishedMessage[];
  /** The messages of the distributed bus that handlers have finished, in the order in which they were finished. */
  readonly handled: readonly HandledMessage[];
  /** The messages in the dead letter queue, the oldest first. */
  readonly deadLetters: readonly DeadLetter[];
}

/** The parts of a gateway under test. */
export interface TestGatewayComponents {
  readonly gateway: Gateway;
  readonly components: Components;
  readonly channel: TestEngine;
  readonly clock: TestClock;
  readonly deliveries: Deliveries;
}

export function assembleTestGateway({
  gateway,
  components,
  channel,
  clock,
  deliveries,
}: TestGatewayComponents): TestGateway {
  const { conversion, config } = components;
  const { queue } = config.broker;
  const failures = new Failures(deliveries, channel);
  const remote = remoteService(components, channel);
  let sending = 0;

  // A wait for a gateway that was stopped would not end.
  const isStopped = () => !channel.health().ready;
  const waiting = () => channel.waiting(queue);
  /** Returns whether nothing is on its way to the bus. Delayed messages stay in their queue until they are due. */
  const isSent = () => sending === 0 && channel.due === 0;
  /** Returns whether no message is on its way to a free place. */
  const isDelivered = () =>
    isStopped() || (isSent() && (waiting() === 0 || deliveries.unacknowledged.size >= config.concurrency));
  const isIdle = () => isStopped() || (isSent() && waiting() === 0 && deliveries.unacknowledged.size === 0);

  const sendAndWait = async (send: () => Promise<SendReceipt>) => {
    sending += 1;
    let receipt: SendReceipt;
    try {
      receipt = await send();
      // Its delivery has not begun: that takes a turn of the event loop.
      failures.follow(receipt.messageId);
    } finally {
      sending -= 1;
      deliveries.notify();
    }
    await deliveries.until(isIdle);
    failures.throwUnreported(receipt.messageId);
    return receipt;
  };

  const stop = async () => {
    await gateway.stop();
    deliveries.notify();
  };

  return {
    ...gateway,
    sendCommand: (...args) => sendAndWait(() => remote.sendCommand(...args)),
    publishEvent: (...args) => sendAndWait(() => remote.publishEvent(...args)),
    async settled() {
      await deliveries.until(isIdle);
      failures.throwUnreported();
    },
    async advanceTime(milliseconds) {
      if (!Number.isFinite(milliseconds) || milliseconds < 0) {
        throw new LittoralError('wrong-usage', 'Time is advanced by a finite number of milliseconds, 0 or more.');
      }
      await deliveries.until(isDelivered);
      const before = new Set(deliveries.unacknowledged);
      const isDone = () => isDelivered() && [...deliveries.unacknowledged].every((delivery) => before.has(delivery));
      const endMs = clock.nowMs() + milliseconds;
      while (clock.nextMs <= endMs) {
        clock.moveTo(clock.nextMs);
        deliveries.notify();
        await deliveries.until(isDone);
      }
      clock.moveTo(endMs);
      failures.throwUnreported();
    },
    get published() {
      return channel.publications.map((one) => publishedMessage(one, conversion));
    },
    get handled() {
      return deliveries.past.flatMap((one) => handledMessages(one, conversion));
    },
    get deadLetters() {
      return deadLetters(channel.messages(deadLetterQueue(config.service)), deliveries.past, conversion);
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
