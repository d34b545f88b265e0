import type { ChannelModel } from 'amqplib';
import type { OwnQueue } from '../channel/message-channel.ts';

/**
 * A RabbitMQ that is killed can forget the quorum queue that was declared last (see `amqp-forgotten-queue.ts`): what it needs
 * to find the queue's messages again, it keeps in a write cache (Erlang's dets), for 3 s at most and the time that writing
 * takes.
 */
const untilRememberedMs = 3200;

/** What is known to be there of a ladder, on one connection, and from when on RabbitMQ will remember it. */
export class DeclaredLevels {
  readonly model: ChannelModel;
  readonly exchanges = new Set<number>();
  readonly queues = new Map<number, number>();
  /** Levels that nobody has told other processes yet are remembered. */
  readonly unmarked = new Set<number>();
  /** By the names of the queues where the ladder ends. */
  readonly ends = new Map<string, number>();

  constructor(model: ChannelModel) {
    this.model = model;
  }

  /** A queue is declared last, after all that a message needs below it. */
  has({ queue }: OwnQueue, levels: readonly number[]): boolean {
    return this.ends.has(queue) && levels.every((level) => this.queues.has(level));
  }

  /** From when on, on the clock of `performance.now()`, a message that takes these levels is safe. */
  rememberedAtMs({ queue }: OwnQueue, levels: readonly number[]): number {
    return Math.max(this.ends.get(queue) ?? 0, ...levels.map((level) => this.queues.get(level) ?? 0));
  }

  /** Those of these levels that are still to be marked, from now on by the caller. */
  takeUnmarked(levels: readonly number[]): number[] {
    return levels.filter((level) => this.unmarked.delete(level));
  }
}

/** @param isNew whether the queue may have been declared just now, here or by another process */
export function rememberedAtMs(isNew: boolean): number {
  return isNew ? performance.now() + untilRememberedMs : 0;
}
