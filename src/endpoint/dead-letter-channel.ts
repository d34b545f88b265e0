import type { OutboundChannel } from '../channel/message-channel.ts';
import { deadLetterQueue } from '../distribution/service-queue.ts';
import { isLittoralError } from '../errors.ts';
import type { TransportMessage } from '../message/transport-message.ts';
import { deadLetter, type Failure } from './dead-letter.ts';

/** Where the messages of a service go that could not be handled. */
export class DeadLetterChannel {
  readonly #channel: OutboundChannel;
  readonly #queue: string;

  constructor(channel: OutboundChannel, service: string) {
    this.#channel = channel;
    this.#queue = deadLetterQueue(service);
  }

  /**
   * Publishes a dead letter for each failure of a message. Resolves when all of them have been confirmed.
   *
   * @throws the first error, when all have been tried; what `OutboundChannel.publish` rejects with
   */
  async publish(message: TransportMessage, failures: readonly Failure[]): Promise<void> {
    const published = await Promise.allSettled(failures.map((failure) => this.#publish(message, failure)));
    for (const result of published) if (result.status === 'rejected') throw result.reason;
  }

  async #publish(message: TransportMessage, failure: Failure): Promise<void> {
    const to = { queue: this.#queue };
    const publish = (stackTrace: boolean) =>
      this.#channel.publish({ to, message: deadLetter(message, failure, stackTrace) });
    const { routed } = await publish(true).catch((error) => {
      // There is no room for the stack trace beside the headers that it came with.
      if (isLittoralError(error) && error.code === 'invalid-header') return publish(false);
      throw error;
    });
    if (!routed) throw new Error(`the queue '${this.#queue}' does not exist`);
  }
}
