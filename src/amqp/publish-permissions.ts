import type { ChannelModel } from 'amqplib';
import pLimit from 'p-limit';
import { isLittoralError, LittoralError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { within } from '../within.ts';
import { busExchange } from './amqp-topology.ts';
import { endOf, reasonOf } from './connection-end.ts';
import { isPlainKey, type ProbeConnectionOptions, probeApart } from './probe-apart.ts';
import { type ProbeAnswer, probePublish } from './publish-probe.ts';
import { busRefusal, type PublishRefusal, type Route } from './publish-refusal.ts';
import { RefusedPublishes, refusedForMs } from './refused-publishes.ts';

export interface PublishPermissionsOptions {
  readonly maxMessageBytes: number;
  /** For what must not be asked on a connection that others use. */
  readonly connection: ProbeConnectionOptions;
  /** How long a publish may wait for what the broker says. */
  readonly timeoutMs: number;
  readonly logger: Logger;
}

const firstBusRetryMs = 1_000;

const maxRemembered = 10_000;
/** Each question takes a channel, of which a user can have a limit. */
const maxSideBySide = 4;

/** Sent with the first question of each connection, so that no message of an ordinary size has to be asked for. */
const ordinaryBytes = 64 * 1024;

/** A key that is in no use: permissions that cover it cover all keys, with few exceptions. */
const strangeKey = '~ littoral: any key at all? ~';
/** The same for keys beyond ASCII, which a pattern can leave out. */
const strangeForeignKey = `${strangeKey} \u00fc\u65e5`;

/**
 * Knows what the broker user may publish, on one connection after the other. RabbitMQ closes the channel over a publish
 * that it refuses, and with it go the confirms of all others: so what is not known to be good is asked for apart
 * (`publish-probe.ts`), and what was refused is refused from memory for a while.
 *
 * Where a first question shows that the user may publish everything, keys are not looked at: this costs a comparison.
 */
export class PublishPermissions {
  readonly #options: PublishPermissionsOptions;
  readonly #turns = pLimit(maxSideBySide);
  #model: ChannelModel | undefined;
  /** Whether the first question of the connection has its answer. */
  #isOpened = false;
  /** Whether the user may publish under any key. */
  #isOpen = false;
  /** The question whether that holds for keys beyond ASCII as well, once it has been asked. */
  #foreignKeys: Promise<boolean> | undefined;
  #areForeignKeysOpen = false;
  /** Up to this size, bodies are not too large. */
  #knownBytes = 0;
  /** Scopes, the one that was permitted first in front. */
  readonly #permitted = new Set<string>();
  readonly #refused: RefusedPublishes;
  /** What waits for an answer, one after the other in each scope: messages for one key keep their order. */
  readonly #lines = new Map<string, Promise<void>>();
  /** Whether a key or an exchange was refused although the first question was answered well. */
  #hasExceptions = false;
  #busProblem: string | undefined;
  #busRetry: NodeJS.Timeout | undefined;

  constructor(options: PublishPermissionsOptions) {
    this.#options = options;
    this.#refused = new RefusedPublishes(options.logger);
  }

  /** Why nothing can be published on the bus; undefined while that is permitted. */
  get problem(): string | undefined {
    return this.#busProblem;
  }

  /** Learns what holds on a new connection or a new channel. Resolves when the broker has answered, or takes nothing. */
  async attach(model: ChannelModel): Promise<void> {
    clearTimeout(this.#busRetry);
    this.#permitted.clear();
    this.#isOpened = false;
    this.#isOpen = false;
    this.#foreignKeys = undefined;
    this.#areForeignKeysOpen = false;
    if (this.#model !== model) {
      // The broker can be another one.
      this.#knownBytes = 0;
      this.#refused.forgetSize();
    }
    this.#model = model;
    // A broker that answers in another way than RabbitMQ is believed to permit everything.
    await this.#open().catch(() => this.#trust(model));
    // During an alarm, the broker says nothing of permissions.
    if (this.#busProblem !== undefined && this.#model === model) this.#askForBusAfter(firstBusRetryMs);
  }

  #trust(model: ChannelModel): void {
    // The end of a connection is no answer, and another one can be open by now.
    if (this.#model !== model || endOf(model) !== undefined) return;
    this.#setBusProblem(undefined);
    this.#isOpened = true;
    this.#isOpen = true;
    this.#knownBytes = Number.POSITIVE_INFINITY;
  }

  /** Asks nothing any more. */
  close(): void {
    this.#model = undefined;
    clearTimeout(this.#busRetry);
  }

  /** Returns whether a publish needs no question. */
  isKnown({ exchange, routingKey }: Route, bytes: number): boolean {
    if (bytes > this.#knownBytes) return false;
    if (this.#lines.size > 0 && this.#lines.has(scopeOf(exchange, routingKey))) return false;
    if (this.#isCovered(exchange, routingKey)) return true;
    return this.#permitted.has(scopeOf(exchange, routingKey));
  }

  /** Whether the first question has answered for a publish. */
  #isCovered(exchange: string, routingKey: string): boolean {
    // It was about the bus. What delays a message was permitted to be bound, which takes as much.
    if (!this.#isOpen || exchange === '') return false;
    return exchange !== busExchange || this.#areForeignKeysOpen || isPlainKey(routingKey);
  }

  /**
   * Asks for a publish, behind those before it that have the same key.
   *
   * @param publish called when it is permitted, before any later one of that key
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

  /** Returns whether RabbitMQ was asked for a publish like this, and permitted it. */
  hasPermitted({ exchange, routingKey }: Route): boolean {
    return this.#permitted.has(scopeOf(exchange, routingKey));
  }

  /** Learns from a channel that RabbitMQ has closed: nothing that it permitted before is believed any more. */
  onRefused(refusal: PublishRefusal, route: Route): void {
    const isException = refusal.kind === 'key' || (refusal.kind === 'exchange' && route.exchange !== busExchange);
    if (isException && this.#isOpen) this.#hasExceptions = true;
    if (refusal.kind !== 'size') {
      this.#isOpen = false;
      this.#permitted.clear();
    }
    this.#onAnswer(refusal, route, 0);
  }

  /** Learns from a connection that RabbitMQ has ended over a key that it can neither permit nor put into words. */
  onForeignKeyRefused(): void {
    this.#hasExceptions = true;
  }

  /** Asks for a strange key: a user who may write that is taken to be permitted all others, until one is refused. */
  async #open(): Promise<void> {
    const model = this.#model;
    if (model === undefined) throw unanswered('there is no connection to the broker');
    const bus = { exchange: busExchange, routingKey: strangeKey };
    const { maxMessageBytes } = this.#options;
    const ask = async (size: number): Promise<void> => {
      const answer = await probePublish(model, bus, size);
      if (this.#model !== model || answer === 'blocked') return;
      this.#onAnswer(answer, bus, size);
      this.#isOpened = true;
      if (isSize(answer)) return ask(0);
      this.#isOpen = answer === 'permitted' && !this.#hasExceptions;
      if (!isOfExchange(answer)) this.#setBusProblem(undefined);
    };
    await ask(Math.min(ordinaryBytes, maxMessageBytes));
  }

  async #learn(route: Route, scope: string, bytes: number, deadlineMs: number): Promise<void> {
    // At most: the first question of all, that for keys beyond ASCII, the size, the permission.
    for (let questions = 0; questions < 5; questions += 1) {
      this.#assertNotRefused(route, scope, bytes);
      const isSizeKnown = bytes <= this.#knownBytes;
      if (isSizeKnown && (this.#permitted.has(scope) || this.#isCovered(route.exchange, route.routingKey))) return;
      const size = isSizeKnown ? 0 : Math.min(nextPowerOfTwo(bytes), this.#options.maxMessageBytes);
      const answer = await this.#inTime(deadlineMs, () => this.#question(route, size));
      if (answer === 'blocked')
        throw new LittoralError('broker-blocked', 'Nothing was sent: the broker takes nothing.');
      // The publish itself finds the exchange missing, and has it declared again.
      if (typeof answer === 'object' && answer.kind === 'absent') return;
    }
    throw unanswered('the broker did not say whether it is permitted');
  }

  async #question(route: Route, size: number): Promise<ProbeAnswer | undefined> {
    const model = this.#model;
    if (model === undefined) throw unanswered('there is no connection to the broker');
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
      if (this.#model !== model) throw unanswered('the connection ended');
      if (answer !== 'blocked') this.#onAnswer(answer, route, size);
      return answer;
    } catch (error) {
      throw isLittoralError(error) ? error : unanswered(reasonOf(error, model), error);
    }
  }

  async #askForForeignKeys(model: ChannelModel): Promise<boolean> {
    const bus = { exchange: busExchange, routingKey: strangeForeignKey };
    // Where it cannot be asked, as where there may be no more connections, keys are not looked at.
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
    if ((await within(Math.max(0, deadlineMs - performance.now()), asked)) && !isLate()) return answer;
    throw unanswered('the broker did not say in time whether it is permitted');
  }

  #onAnswer(answer: Exclude<ProbeAnswer, 'blocked'>, route: Route, size: number): void {
    const scope = scopeOf(route.exchange, route.routingKey);
    if (isSize(answer)) {
      this.#knownBytes = answer.maxBytes ?? 0;
      this.#refused.rememberSize(answer);
      return;
    }
    // RabbitMQ looks at the size first.
    this.#knownBytes = Math.max(this.#knownBytes, size);
    if (answer === 'permitted') {
      this.#refused.forget(scope);
      if (route.routingKey !== strangeKey) rememberIn(this.#permitted, scope);
      return;
    }
    if (answer.kind === 'absent') return;
    if (isOfExchange(answer) && route.exchange === busExchange) {
      this.#setBusProblem(answer);
      this.#askForBusAfter(firstBusRetryMs);
    } else if (route.routingKey !== strangeKey) {
      this.#refused.remember(scope, route, answer);
    }
  }

  #assertNotRefused(route: Route, scope: string, bytes: number): void {
    if (this.#busProblem !== undefined && route.exchange === busExchange) {
      throw new LittoralError('write-refused', `Nothing was sent: ${this.#busProblem}.`);
    }
    this.#refused.assertNone(scope, route, bytes);
  }

  /** While nothing at all may be published on the bus, the gateway asks again by itself, not with each of its callers. */
  #setBusProblem(refusal: PublishRefusal | undefined): void {
    const { logger } = this.#options;
    const problem = refusal && busRefusal(refusal.text);
    if (problem !== undefined && this.#busProblem === undefined) logger.error({ reason: problem }, 'bus is refused');
    if (problem === undefined && this.#busProblem !== undefined) logger.info('bus may be written to again');
    this.#busProblem = problem;
    clearTimeout(this.#busRetry);
  }

  #askForBusAfter(waitMs: number): void {
    clearTimeout(this.#busRetry);
    const model = this.#model;
    const retry = async () => {
      await this.#open().catch(() => {});
      if (this.#busProblem !== undefined && this.#model === model) {
        this.#askForBusAfter(Math.min(refusedForMs, 2 * waitMs));
      }
    };
    this.#busRetry = setTimeout(retry, waitMs).unref();
  }
}

/** Only of the bus is the key looked at: exchanges of other types know no topic permissions. */
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

function unanswered(reason: string, cause?: unknown): LittoralError {
  return new LittoralError('broker-unavailable', `Nothing was sent: ${reason}.`, { cause });
}
