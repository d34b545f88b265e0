import type { ChannelModel } from 'amqplib';
import pLimit from 'p-limit';
import { isLittoralError, LittoralError } from '../../../errors.ts';
import type { Logger } from '../../../logger.ts';
import { completesWithin } from '../../../time/timeout.ts';
import { busExchange } from '../../broker/bus-exchange.ts';
import { endOf, reasonOf } from '../connection/connection-end.ts';
import { notSent } from '../not-sent.ts';
import { BusRefusal } from './bus-refusal.ts';
import { isPlainKey, type ProbeConnectionOptions, probeApart } from './probe-apart.ts';
import { type ProbeAnswer, probePublish } from './publish-probe.ts';
import type { PublishRefusal, Route } from './publish-refusal.ts';
import { RefusedPublishes } from './refused-publishes.ts';

export interface PublishPermissionsOptions {
  readonly maxMessageBytes: number;
  /** Options of the separate connection for probes that could end a shared one. */
  readonly connection: ProbeConnectionOptions;
  /** Milliseconds that a publish waits for the broker's answer to a probe. */
  readonly timeoutMs: number;
  readonly logger: Logger;
}

const maxRemembered = 10_000;
/** Maximum number of parallel probes. Each takes a channel, and a user can have a channel limit. */
const maxSideBySide = 4;

/** Body size in the first probe of each connection, so that a message of ordinary size needs no probe. */
const ordinaryBytes = 64 * 1024;

/** An unused routing key: permissions that cover it cover all keys, with few exceptions. */
const strangeKey = '~ littoral: any key at all? ~';
/** The same for keys beyond ASCII, which a permission pattern can exclude. */
const strangeForeignKey = `${strangeKey} \u00fc\u65e5`;

/**
 * The publish permissions of the broker user on the current connection. RabbitMQ closes the channel over a publish that
 * it refuses, which loses the confirms of all others. So a publish that is not known to be permitted is probed first
 * (`publish-probe.ts`), and a refusal is cached for a while.
 *
 * If the first probe shows that the user may publish everything, a publish costs one comparison, and keys are not
 * checked.
 */
export class PublishPermissions {
  readonly #options: PublishPermissionsOptions;
  readonly #turns = pLimit(maxSideBySide);
  #model: ChannelModel | undefined;
  /** True once the first probe of the connection is answered. */
  #isOpened = false;
  /** True if the user may publish under any key. */
  #isOpen = false;
  /** The result of the probe for keys beyond ASCII, once it was sent. */
  #foreignKeys: Promise<boolean> | undefined;
  #areForeignKeysOpen = false;
  /** The largest body size that is known to be accepted. */
  #knownBytes = 0;
  /** Permitted scopes, the oldest first. */
  readonly #permitted = new Set<string>();
  readonly #refused: RefusedPublishes;
  /**
   * The last waiting probe of each scope. A scope has one probe at a time, so that messages for one key keep their
   * order.
   */
  readonly #lines = new Map<string, Promise<void>>();
  /** True if a key or an exchange was refused although the first probe was permitted. */
  #hasExceptions = false;
  readonly #bus: BusRefusal;

  constructor(options: PublishPermissionsOptions) {
    this.#options = options;
    this.#refused = new RefusedPublishes(options.logger);
    this.#bus = new BusRefusal(options.logger);
  }

  /** Returns why nothing can be published on the bus; undefined while publishing is permitted. */
  get problem(): string | undefined {
    return this.#bus.problem;
  }

  /** Probes the permissions on a new connection or channel. Resolves when the broker has answered, or is blocked. */
  async attach(model: ChannelModel): Promise<void> {
    this.#bus.stopProbing();
    this.#permitted.clear();
    this.#isOpened = false;
    this.#isOpen = false;
    this.#foreignKeys = undefined;
    this.#areForeignKeysOpen = false;
    if (this.#model !== model) {
      // The new connection can lead to another broker.
      this.#knownBytes = 0;
      this.#refused.forgetSize();
    }
    this.#model = model;
    // A broker that does not answer like RabbitMQ is assumed to permit everything.
    await this.#open().catch(() => this.#trust(model));
    // The broker does not report permissions during an alarm.
    if (this.#bus.problem !== undefined && this.#model === model) this.#probeBusLater();
  }

  #trust(model: ChannelModel): void {
    // The end of a connection is no answer, and a new connection can be open by now.
    if (this.#model !== model || endOf(model) !== undefined) return;
    this.#bus.set(undefined);
    this.#isOpened = true;
    this.#isOpen = true;
    this.#knownBytes = Number.POSITIVE_INFINITY;
  }

  /** Stops all probes. */
  close(): void {
    this.#model = undefined;
    this.#bus.stopProbing();
  }

  /** Returns whether a publish needs no probe. */
  isKnown({ exchange, routingKey }: Route, bytes: number): boolean {
    if (bytes > this.#knownBytes) return false;
    if (this.#lines.size > 0 && this.#lines.has(scopeOf(exchange, routingKey))) return false;
    if (this.#isCovered(exchange, routingKey)) return true;
    return this.#permitted.has(scopeOf(exchange, routingKey));
  }

  /** Returns whether the answer to the first probe covers a publish. */
  #isCovered(exchange: string, routingKey: string): boolean {
    // The first probe was for the bus. Binding the delay exchanges took the same permission.
    if (!this.#isOpen || exchange === '') return false;
    return exchange !== busExchange || this.#areForeignKeysOpen || isPlainKey(routingKey);
  }

  /**
   * Probes a publish, after earlier probes for the same key.
   *
   * @param publish called when the publish is permitted, before any later publish of that key
   * @throws LittoralError `not-permitted`, `body-too-large`, `write-refused`, `broker-unavailable`, `broker-blocked`
   */
  ask(route: Route, bytes: number, publish: () => void): Promise<void> {
    const scope = scopeOf(route.exchange, route.routingKey);
    const deadlineMs = performance.now() + this.#options.timeoutMs;
    const before = this.#lines.get(scope) ?? Promise.resolve();
    const asked = before.then(() => this.#learn(route, scope, bytes, deadlineMs)).then(publish);
    const line = asked
      .catch(() => {})
      .finally(() => {
        if (this.#lines.get(scope) === line) this.#lines.delete(scope);
      });
    this.#lines.set(scope, line);
    return asked;
  }

  /** Returns whether RabbitMQ has permitted a probe for such a publish. */
  hasPermitted({ exchange, routingKey }: Route): boolean {
    return this.#permitted.has(scopeOf(exchange, routingKey));
  }

  /** Handles a channel that RabbitMQ closed over a refused publish: discards every earlier permission. */
  onRefused(refusal: PublishRefusal, route: Route): void {
    const isException = refusal.kind === 'key' || (refusal.kind === 'exchange' && route.exchange !== busExchange);
    if (isException && this.#isOpen) this.#hasExceptions = true;
    if (refusal.kind !== 'size') {
      this.#isOpen = false;
      this.#permitted.clear();
    }
    this.#onAnswer(refusal, route, 0);
  }

  /** Handles a connection that RabbitMQ ended over a key that it refuses and cannot put into the refusal text. */
  onForeignKeyRefused(): void {
    this.#hasExceptions = true;
  }

  /**
   * Probes an unused key: a user who may publish under it is assumed to be permitted all others, until one is refused.
   */
  async #open(): Promise<void> {
    const model = this.#model;
    if (model === undefined) throw notSent('there is no connection to the broker');
    const bus = { exchange: busExchange, routingKey: strangeKey };
    const { maxMessageBytes } = this.#options;
    const ask = async (size: number): Promise<void> => {
      const answer = await probePublish(model, bus, size);
      if (this.#model !== model || answer === 'blocked') return;
      this.#onAnswer(answer, bus, size);
      this.#isOpened = true;
      if (isSize(answer)) return ask(0);
      this.#isOpen = answer === 'permitted' && !this.#hasExceptions;
      if (!isOfExchange(answer)) this.#bus.set(undefined);
    };
    await ask(Math.min(ordinaryBytes, maxMessageBytes));
  }

  #probeBusLater(): void {
    const model = this.#model;
    this.#bus.probeLater(
      () => this.#open(),
      () => this.#model === model,
    );
  }

  async #learn(route: Route, scope: string, bytes: number, deadlineMs: number): Promise<void> {
    // At most four probes: the first one, keys beyond ASCII, the size, the permission.
    for (let questions = 0; questions < 5; questions += 1) {
      this.#assertNotRefused(route, scope, bytes);
      const isSizeKnown = bytes <= this.#knownBytes;
      if (isSizeKnown && (this.#permitted.has(scope) || this.#isCovered(route.exchange, route.routingKey))) return;
      const size = isSizeKnown ? 0 : Math.min(nextPowerOfTwo(bytes), this.#options.maxMessageBytes);
      const answer = await this.#inTime(deadlineMs, () => this.#question(route, size));
      if (answer === 'blocked')
        throw new LittoralError('broker-blocked', 'Nothing was sent: the broker blocks publishes.');
      // The publish itself detects the missing exchange, which is then declared again.
      if (typeof answer === 'object' && answer.kind === 'absent') return;
    }
    throw notSent('the broker did not answer whether the message is permitted');
  }

  async #question(route: Route, size: number): Promise<ProbeAnswer | undefined> {
    const model = this.#model;
    if (model === undefined) throw notSent('there is no connection to the broker');
    if (!this.#isOpened) {
      await this.#open();
      return undefined;
    }
    if (this.#isOpen && route.exchange === busExchange && !isPlainKey(route.routingKey) && !this.#hasExceptions) {
      this.#foreignKeys ??= this.#askForForeignKeys(model);
      if (await this.#foreignKeys) return undefined;
    }
    try {
      const answer = await (isPlainKey(route.routingKey)
        ? probePublish(model, route, size)
        : probeApart(this.#options.connection, route, size));
      if (this.#model !== model) throw notSent('the connection ended');
      if (answer !== 'blocked') this.#onAnswer(answer, route, size);
      return answer;
    } catch (error) {
      throw isLittoralError(error) ? error : notSent(reasonOf(error, model), { cause: error });
    }
  }

  async #askForForeignKeys(model: ChannelModel): Promise<boolean> {
    const bus = { exchange: busExchange, routingKey: strangeForeignKey };
    // If the probe is impossible, for example because of a connection limit, keys are not checked.
    const answer = await probeApart(this.#options.connection, bus, 0).catch(() => 'permitted');
    if (this.#model !== model) return false;
    if (answer === 'blocked') this.#foreignKeys = undefined;
    this.#areForeignKeysOpen = answer === 'permitted';
    return this.#areForeignKeysOpen;
  }

  async #inTime<Answer>(deadlineMs: number, question: () => Promise<Answer>): Promise<Answer | undefined> {
    let answer: Answer | undefined;
    const isLate = () => performance.now() >= deadlineMs;
    const asked = this.#turns(async () => {
      if (!isLate()) answer = await question();
    });
    asked.catch(() => {});
    if ((await completesWithin(Math.max(0, deadlineMs - performance.now()), asked)) && !isLate()) return answer;
    throw notSent('the broker did not answer in time whether the message is permitted');
  }

  #onAnswer(answer: Exclude<ProbeAnswer, 'blocked'>, route: Route, size: number): void {
    const scope = scopeOf(route.exchange, route.routingKey);
    if (isSize(answer)) {
      this.#knownBytes = answer.maxBytes ?? 0;
      this.#refused.rememberSize(answer);
      return;
    }
    // RabbitMQ checks the size first.
    this.#knownBytes = Math.max(this.#knownBytes, size);
    if (answer === 'permitted') {
      this.#refused.forget(scope);
      if (route.routingKey !== strangeKey) rememberIn(this.#permitted, scope);
      return;
    }
    if (answer.kind === 'absent') return;
    if (isOfExchange(answer) && route.exchange === busExchange) {
      this.#bus.set(answer);
      this.#probeBusLater();
    } else if (route.routingKey !== strangeKey) {
      this.#refused.remember(scope, route, answer);
    }
  }

  #assertNotRefused(route: Route, scope: string, bytes: number): void {
    if (route.exchange === busExchange) this.#bus.assertNone();
    this.#refused.assertNone(scope, route, bytes);
  }
}

/** Returns the scope of a permission. Only the bus needs the key: topic permissions apply to topic exchanges alone. */
function scopeOf(exchange: string, routingKey: string): string {
  return exchange === busExchange ? `${exchange} ${routingKey}` : exchange;
}

function rememberIn(scopes: Set<string>, scope: string): void {
  const [oldest] = scopes;
  if (scopes.size >= maxRemembered && oldest !== undefined) scopes.delete(oldest);
  scopes.add(scope);
}

function isSize(answer: ProbeAnswer): answer is PublishRefusal & { readonly kind: 'size' } {
  return typeof answer !== 'string' && answer.kind === 'size';
}

function isOfExchange(answer: ProbeAnswer): answer is PublishRefusal & { readonly kind: 'exchange' } {
  return typeof answer !== 'string' && answer.kind === 'exchange';
}

function nextPowerOfTwo(bytes: number): number {
  return 2 ** Math.ceil(Math.log2(bytes));
}
