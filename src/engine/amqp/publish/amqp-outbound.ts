import type { ChannelModel } from 'amqplib';
import { errorMessage, isLittoralError, LittoralError } from '../../../errors.ts';
import type { Logger } from '../../../logger.ts';
import { Header } from '../../../message/message-headers.ts';
import { completesWithin } from '../../../time/timeout.ts';
import { busExchange } from '../../broker/bus-exchange.ts';
import type { Address, PublishReceipt } from '../../publication.ts';
import type { AmqpBusExchange } from '../amqp-bus-exchange.ts';
import type { AmqpConnection } from '../connection/amqp-connection.ts';
import { socketOf } from '../connection/amqp-socket.ts';
import { assertUsable } from '../connection/assert-usable.ts';
import { endOf } from '../connection/connection-end.ts';
import { notSent } from '../not-sent.ts';
import type { AmqpPublication } from './amqp-publication.ts';
import { ConfirmWatch } from './confirm-watch.ts';
import { divide, type InFlight, isOverForeignKey, settleUnconfirmed } from './in-flight.ts';
import { notWritten } from './not-written.ts';
import type { ProbeConnectionOptions } from './probe-apart.ts';
import { PublishPermissions } from './publish-permissions.ts';
import { readPublishRefusal, refusedPublish, routeTo } from './publish-refusal.ts';
import { PublishesInFlight, type PublishesInFlightOptions } from './publishes-in-flight.ts';
import { PublishingChannel } from './publishing-channel.ts';
import { ReopenPause } from './reopen-pause.ts';

export interface AmqpOutboundOptions extends Omit<PublishesInFlightOptions, 'onTimedOut'> {
  /** RabbitMQ closes the channel over a body that is larger than its own limit. */
  readonly maxMessageBytes: number;
  readonly bus: AmqpBusExchange;
  /** Options for new connections. */
  readonly connection: ProbeConnectionOptions;
  readonly logger: Logger;
  /** Called when the channel was closed, which the broker does when an exchange is gone. */
  readonly onChannelClosed: () => void;
}

const minReopenTimeoutMs = 5_000;

/** Publishes with confirms on one channel. */
export class AmqpOutbound {
  readonly #options: AmqpOutboundOptions;
  readonly #connection: AmqpConnection;
  readonly #permissions: PublishPermissions;
  readonly #confirms: ConfirmWatch;
  readonly #inFlight: PublishesInFlight;
  /** Publishes that wait for the channel to be opened again, in order. */
  #held: InFlight[] = [];
  #channel: PublishingChannel | undefined;
  #isClosed = false;
  readonly #pause = new ReopenPause();

  constructor(connection: AmqpConnection, options: AmqpOutboundOptions) {
    this.#connection = connection;
    this.#options = options;
    const { confirmTimeoutMs: timeoutMs } = options;
    const apart = { ...options.connection, current: () => connection.address };
    this.#permissions = new PublishPermissions({ ...options, connection: apart, timeoutMs });
    this.#confirms = new ConfirmWatch(timeoutMs);
    this.#inFlight = new PublishesInFlight({ ...options, onTimedOut: (entry) => this.#onTimedOut(entry) });
  }

  /** Returns why confirms are not expected in time; undefined while they are. */
  get silence(): string | undefined {
    return this.#confirms.problem;
  }

  /** Opens the channel of a new connection, or reopens that of the same connection. */
  async attach(model: ChannelModel): Promise<void> {
    const channel = await PublishingChannel.open(model, {
      logger: this.#options.logger,
      findReturned: (message) => this.#inFlight.findReturned(message),
      onAnswer: (entry, isConfirmed) => this.#onAnswer(entry, isConfirmed),
      onClose: (closed, error) => this.#onClose(closed, error),
    });
    await this.#options.bus.ensure(model);
    await this.#permissions.attach(model);
    // The end can arrive in the same bytes as the answer to the last probe.
    if (channel.hasEnded) throw new Error('the publishing channel ended as soon as it was open');
    this.#channel = channel;
    this.#pause.opened();
    // Written in the order of their calls, because a publish that needed a probe joined the others later.
    const held = new Set(this.#held.splice(0));
    for (const entry of this.#inFlight) if (held.has(entry)) this.#writeOrAsk(entry);
  }

  /** Sends one message. See `Publisher.publish`. */
  publish(publication: AmqpPublication): Promise<PublishReceipt> {
    const { to, message } = publication;
    const { [Header.id]: id } = message.headers;
    return new Promise<PublishReceipt>((resolve, reject) => {
      const entry: InFlight = {
        publication,
        route: routeTo(to),
        messageId: typeof id === 'string' ? id : undefined,
        bytes: message.body.byteLength,
        deadline: performance.now() + this.#options.confirmTimeoutMs,
        position: 0,
        returned: false,
        timedOut: false,
        resolve,
        reject,
      };
      this.#assertRoom(entry);
      assertUsable(this.#connection, entry.messageId);
      this.#inFlight.add(entry);
      this.#writeOrAsk(entry);
    });
  }

  /** Returns whether so many publishes fit within the limits. See `Publisher.hasRoomFor`. */
  hasRoomFor(count: number, bytes: number): boolean {
    // A single publish gets room by a new channel where no confirm is awaited any more.
    if (count === 1) return this.#inFlight.hasRoomFor(bytes) || this.#inFlight.haveAllTimedOut;
    return this.#inFlight.hasRoomForAll(count, bytes);
  }

  /** Returns whether a publish is written without a probe. See `Publisher.publishesAtOnce`. */
  publishesAtOnce(to: Address, bytes: number): boolean {
    return this.#channel !== undefined && this.#permissions.isKnown(routeTo(to), bytes);
  }

  /** Resolves when a publish has ended. See `Publisher.roomMade`. */
  roomMade(): Promise<void> {
    return this.#inFlight.nextEnd();
  }

  /** Returns the number of publishes without a confirm, and the size of their bodies. */
  get inFlight(): { readonly inFlight: number; readonly inFlightBytes: number } {
    return { inFlight: this.#inFlight.size, inFlightBytes: this.#inFlight.bytes };
  }

  #writeOrAsk(entry: InFlight): void {
    if (this.#channel === undefined) {
      this.#hold(entry);
      return;
    }
    if (this.#permissions.isKnown(entry.route, entry.bytes)) {
      this.#write(this.#channel, entry);
      return;
    }
    this.#permissions
      .ask(entry.route, entry.bytes, () => {
        if (!this.#inFlight.has(entry)) return; // It has timed out.
        if (this.#channel) this.#write(this.#channel, entry);
        else this.#hold(entry);
      })
      .catch((error) => this.#refuse(entry, error));
  }

  #write(channel: PublishingChannel, entry: InFlight): void {
    try {
      channel.write(entry);
    } catch (cause) {
      this.#refuse(entry, isLittoralError(cause) ? cause : notWritten(cause, entry.messageId));
    }
  }

  #hold(entry: InFlight): void {
    entry.position = 0;
    // Its caller already has an answer.
    if (entry.timedOut) this.#inFlight.remove(entry);
    else if (this.#isClosed) this.#refuse(entry, notSent('this gateway is shutting down'));
    else if (this.#connection.failure) this.#refuse(entry, notSent(this.#connection.failure));
    else this.#held.push(entry);
  }

  #refuse(entry: InFlight, error: unknown): void {
    this.#inFlight.remove(entry);
    const cause = isLittoralError(error) ? error : notSent(errorMessage(error));
    const details = { messageId: entry.messageId, cause: cause.cause };
    entry.reject(new LittoralError(cause.code, cause.message, details));
  }

  /** True if there is a channel to publish on. */
  get isOpen(): boolean {
    return this.#channel !== undefined;
  }

  /** Returns why nothing may be published on the bus; undefined while publishing is permitted. */
  get problem(): string | undefined {
    return this.#permissions.problem;
  }

  /** Resolves when nothing waits for its confirm any more, at the latest after the deadline. */
  flush(deadlineMs: number): Promise<void> {
    return this.#inFlight.flush(deadlineMs);
  }

  /** Stops the work in the background. */
  close(): void {
    this.#isClosed = true;
    this.#permissions.close();
    this.#refuseHeld();
  }

  #assertRoom(entry: InFlight): void {
    const { bytes } = entry;
    const { maxMessageBytes } = this.#options;
    if (bytes > maxMessageBytes) {
      throw new LittoralError('body-too-large', `The body has ${bytes} bytes; ${maxMessageBytes} are allowed.`);
    }
    if (!this.#inFlight.hasRoomFor(bytes) && this.#inFlight.haveAllTimedOut) this.#replaceChannel();
    this.#inFlight.assertRoomFor(entry);
  }

  // A queue without a majority can withhold confirms for days, which leaves no room for publishes to other queues.
  // Closing the channel drops the pending confirms; each caller has already got the error that the outcome is unknown.
  #replaceChannel(): void {
    const channel = this.#channel;
    const { model } = this.#connection;
    if (channel === undefined || model === undefined) return;
    this.#options.logger.warn(
      { unconfirmed: this.#inFlight.size },
      'publishing channel replaced: nothing is confirmed',
    );
    this.#inFlight.removeAll();
    this.#channel = undefined;
    channel.close();
    this.#reopen(model);
  }

  #onAnswer(entry: InFlight, isConfirmed: boolean): void {
    this.#inFlight.remove(entry);
    this.#confirms.answered();
    if (isConfirmed) {
      entry.resolve({ routed: !entry.returned });
      return;
    }
    const { messageId } = entry;
    entry.reject(new LittoralError('nacked', 'A queue refused the message; another may have taken it.', { messageId }));
  }

  #onTimedOut(entry: InFlight): void {
    const { confirmTimeoutMs } = this.#options;
    if (entry.position === 0) {
      this.#refuse(entry, notSent(`the broker did not take the message within ${confirmTimeoutMs} ms`));
      return;
    }
    this.#confirms.timedOut();
    const text = `The message was written, but the broker did not confirm it within ${confirmTimeoutMs} ms.`;
    entry.reject(new LittoralError('confirm-timeout', text, { messageId: entry.messageId }));
  }

  // The broker closes a channel over a refused publish or a missing exchange. The connection stays open.
  #onClose(channel: PublishingChannel, error: Error | undefined): void {
    const { model } = channel;
    this.#settleClosed(channel, error);
    if (this.#channel !== channel) return;
    this.#channel = undefined;
    this.#confirms.ended();
    this.#options.onChannelClosed();
    setTimeout(() => this.#reopen(model), this.#pause.nextMs()).unref();
  }

  #reopen(model: ChannelModel): void {
    if (this.#channel) return;
    if (this.#connection.model !== model) {
      this.#refuseHeld();
      return;
    }
    this.#attachInTime(model).catch((error) => {
      this.#options.logger.error({ reason: errorMessage(error) }, 'the publishing channel cannot be opened again');
      this.#refuseHeld();
      // Destroyed with an error, because amqplib ignores a plain end and would wait for its heartbeat.
      socketOf(model)?.destroy(new Error('the publishing channel cannot be opened'));
    });
  }

  // A broker without a majority can answer only heartbeats.
  async #attachInTime(model: ChannelModel): Promise<void> {
    const timeoutMs = Math.max(minReopenTimeoutMs, this.#options.confirmTimeoutMs);
    if (await completesWithin(timeoutMs, this.attach(model))) return;
    throw new Error(`the broker did not answer within ${timeoutMs} ms`);
  }

  #refuseHeld(): void {
    for (const entry of this.#held.splice(0)) this.#refuse(entry, notSent('the publishing channel was lost'));
  }

  #settleClosed(channel: PublishingChannel, error: Error | undefined): void {
    const refusal = error && readPublishRefusal(error);
    const unconfirmed = channel.takeUnconfirmed();
    if (!error && isOverForeignKey(endOf(channel.model), unconfirmed)) this.#permissions.onForeignKeyRefused();
    const { unknown, refused, untouched } = divide(unconfirmed, refusal, {
      lastHandled: channel.lastHandled,
      hasTaken: (route) => channel.hasTaken(route.routingKey) || this.#permissions.hasPermitted(route),
    });
    const reason = error ? `the broker closed the channel (${errorMessage(error)})` : 'the connection ended';
    for (const entry of unknown) {
      this.#inFlight.remove(entry);
      settleUnconfirmed(entry, reason, error);
    }
    if (refusal && refused) {
      this.#permissions.onRefused(refusal, refused.route);
      // A publish that found the bus missing is sent once more, after the bus has been declared again.
      if (refusal.kind === 'absent' && refused.route.exchange === busExchange) this.#hold(refused);
      else this.#refuse(refused, refusedPublish(refusal, refused.route, refused.bytes));
    }
    for (const entry of untouched) this.#hold(entry);
  }
}
