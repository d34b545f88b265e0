/**
 * Maximum number of messages of all lists and streams that wait for their confirm. With more of them on one channel,
 * RabbitMQ throttles the channel: 256 were a third slower than 128 on quorum queues of RabbitMQ 4.0.
 */
export const maxWindow = 128;

/** Divides the window equally between the senders that have messages on one channel, so that none waits for another. */
export class SendWindow {
  #senders = 0;

  /** Number of messages that each sender can have before their confirm. At least one. */
  get share(): number {
    return this.#senders <= 1 ? maxWindow : Math.max(1, Math.floor(maxWindow / this.#senders));
  }

  /** Counts a sender from its first unconfirmed message on. */
  enter(): void {
    this.#senders += 1;
  }

  /** Counts a sender no longer, because all its messages have ended. */
  leave(): void {
    this.#senders -= 1;
  }
}
