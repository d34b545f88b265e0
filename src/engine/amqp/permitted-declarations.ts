import type { Channel, ChannelModel } from 'amqplib';
import { errorMessage } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import { bindKeys } from './bind-keys.ts';
import { isAbsent, isAccessRefused } from './broker-replies.ts';
import { closeUnawaited } from './connection/close-unawaited.ts';

/** The methods of a channel that declare something. */
export interface Declarer
  extends Pick<Channel, 'assertExchange' | 'assertQueue' | 'bindExchange' | 'bindQueue' | 'unbindQueue'> {
  bindKeys(queue: string, exchange: string, keys: readonly string[]): Promise<unknown>;
}

/** Returns the methods of a channel. */
export function toDeclarer(channel: Channel): Declarer {
  return {
    assertExchange: (...args) => channel.assertExchange(...args),
    assertQueue: (...args) => channel.assertQueue(...args),
    bindExchange: (...args) => channel.bindExchange(...args),
    bindQueue: (...args) => channel.bindQueue(...args),
    unbindQueue: (...args) => channel.unbindQueue(...args),
    bindKeys: (...args) => bindKeys(channel, ...args),
  };
}

/**
 * Declares something.
 *
 * @param isChecked whether nothing is declared, and `declarer` only checks that the queues and exchanges exist
 */
export type Declaring = (declarer: Declarer, isChecked: boolean) => Promise<void>;

/**
 * Declarations of a broker user who may be restricted. RabbitMQ requires the permission `configure` to declare a queue
 * or an exchange even if it exists. Without that permission, what exists is used as it is: AMQP shows neither its
 * arguments nor its bindings.
 */
export class PermittedDeclarations {
  readonly #logger: Logger;
  /** The subjects that a connection may not declare, and that exist. */
  readonly #refused = new WeakMap<ChannelModel, Set<string>>();
  readonly #logged = new Set<string>();
  /** The subjects whose bindings the user may not declare. */
  readonly #unbindable = new Set<string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Returns a warning about bindings that cannot be verified; undefined if there are none. */
  get warning(): string | undefined {
    if (this.#unbindable.size === 0) return undefined;
    return (
      `the bindings of ${[...this.#unbindable].join(', ')} are not verified, because the broker user may not declare ` +
      'them (write on the queue, read on the exchange)'
    );
  }

  /**
   * Declares something on a channel of its own, or checks that it exists if the user may not declare it.
   *
   * @param subject names it, such as "exchange 'x'"
   * @param signal closes the channel, for a caller that waits no longer
   * @throws the broker's refusal if it does not exist; what `declaring` throws
   */
  async declare(model: ChannelModel, subject: string, declaring: Declaring, signal?: AbortSignal): Promise<void> {
    const refused = this.#refused.get(model) ?? new Set<string>();
    this.#refused.set(model, refused);
    if (refused.has(subject) && (await this.#exists(model, subject, declaring, signal))) return;
    const refusal = await this.#refusalOf(model, declaring, signal);
    if (refusal === undefined) {
      refused.delete(subject);
      this.#unbindable.delete(subject);
      return;
    }
    if (!(await this.#exists(model, subject, declaring, signal))) throw refusal;
    refused.add(subject);
    this.#logOnce(
      subject,
      { subject, reason: errorMessage(refusal) },
      'declaration not permitted: what exists is used as it is',
    );
  }

  /** Declares. Returns the refusal of a queue or an exchange; undefined if none was refused. */
  async #refusalOf(model: ChannelModel, declaring: Declaring, signal: AbortSignal | undefined): Promise<unknown> {
    let refusal: unknown;
    const noting = async <T>(declared: Promise<T>) => {
      try {
        return await declared;
      } catch (error) {
        if (isAccessRefused(error)) refusal = error;
        throw error;
      }
    };
    try {
      await onChannel(model, signal, (channel) =>
        declaring(
          {
            ...toDeclarer(channel),
            assertExchange: (...args) => noting(channel.assertExchange(...args)),
            assertQueue: (...args) => noting(channel.assertQueue(...args)),
          },
          false,
        ),
      );
    } catch (error) {
      if (refusal === undefined || error !== refusal) throw error;
    }
    return refusal;
  }

  /** Returns whether all of it exists. Declares its bindings where the user may. */
  async #exists(
    model: ChannelModel,
    subject: string,
    declaring: Declaring,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const bindings: ((channel: Channel) => Promise<unknown>)[] = [];
    const later = async (bind: (channel: Channel) => Promise<unknown>) => {
      bindings.push(bind);
      return {};
    };
    try {
      await onChannel(model, signal, (channel) =>
        declaring(
          {
            assertExchange: async (exchange) => {
              await channel.checkExchange(exchange);
              return { exchange };
            },
            assertQueue: (queue = '') => channel.checkQueue(queue),
            bindExchange: (...args) => later((spare) => spare.bindExchange(...args)),
            bindQueue: (...args) => later((spare) => spare.bindQueue(...args)),
            bindKeys: (...args) => later((spare) => bindKeys(spare, ...args)),
            unbindQueue: (...args) => later((spare) => spare.unbindQueue(...args)),
          },
          true,
        ),
      );
    } catch (error) {
      if (isAbsent(error)) return false;
      throw error;
    }
    await this.#bind(model, subject, bindings, signal);
    return true;
  }

  async #bind(
    model: ChannelModel,
    subject: string,
    bindings: readonly ((channel: Channel) => Promise<unknown>)[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    try {
      await onChannel(model, signal, async (channel) => {
        for (const bind of bindings) await bind(channel);
      });
      this.#unbindable.delete(subject);
    } catch (error) {
      if (!isAccessRefused(error)) throw error;
      this.#unbindable.add(subject);
      const fields = { subject, reason: errorMessage(error) };
      this.#logOnce(`bindings of ${subject}`, fields, 'bindings not permitted: they are assumed to exist');
    }
  }

  #logOnce(name: string, fields: object, text: string): void {
    if (this.#logged.has(name)) return;
    this.#logged.add(name);
    this.#logger.warn(fields, text);
  }
}

async function onChannel(
  model: ChannelModel,
  signal: AbortSignal | undefined,
  work: (channel: Channel) => Promise<unknown>,
): Promise<void> {
  signal?.throwIfAborted();
  const channel = await model.createChannel();
  channel.on('error', () => {}); // The failed call throws the same error.
  const close = () => closeUnawaited(channel);
  signal?.addEventListener('abort', close);
  try {
    await work(channel);
    close();
  } finally {
    signal?.removeEventListener('abort', close);
  }
}
