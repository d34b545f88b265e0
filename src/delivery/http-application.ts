import { type CallGate, markNotCalled } from '../handler/call-gate.ts';
import type { Logger } from '../logger.ts';
import { errorText } from '../text/error-chain.ts';
import { ApplicationAway, ApplicationError } from './application-error.ts';
import type { ApplicationSettings } from './application-settings.ts';
import { Availability, type AvailabilityState } from './availability.ts';
import { CallWindow } from './call-window.ts';
import { HealthCheck } from './health-check.ts';
import { HttpClient, type PostRequest } from './http-client.ts';
import type { Answer } from './http-exchange.ts';
import { asksToSlowDown, failureOf } from './outcome.ts';
import { PathGate } from './path-gate.ts';
import { Places } from './places.ts';
import { NoAnswer, NotReached } from './request-failures.ts';
import type { RequestObserver } from './request-observer.ts';

export interface HttpApplicationOptions {
  readonly settings: ApplicationSettings;
  /** Maximum number of requests at once. */
  readonly concurrency: number;
  /** Called after each change of its state, or of the state of one of its paths. */
  readonly changed: () => void;
  /** Measures the requests. Default: nothing is measured. */
  readonly observe?: RequestObserver | undefined;
  readonly logger: Logger;
}

/** The state of an application, for `GET /endpoints` and `/readyz`. */
export interface ApplicationState {
  /** The address, without credentials. */
  readonly url: string;
  /** `slowed`: fewer requests at once, because it was slow or asked for it. */
  readonly state: 'up' | 'slowed' | 'away';
  /** The time at which it went away. */
  readonly awaySince?: string;
  /** The reason why it is away. */
  readonly reason?: string;
  /** Number of requests that it gets at once at the moment. */
  readonly concurrency: number;
  /** Number of messages that were acknowledged without a request, because their `when` was false. */
  readonly skipped: number;
}

/** A path that answered within this time shows that the application is there, although another path is not. */
const recentMs = 30_000;

/**
 * An application behind a URL, which receives messages as POST requests. While it is away, it gets none, and no attempt
 * is counted.
 */
export class HttpApplication {
  readonly #options: HttpApplicationOptions;
  readonly #client: HttpClient;
  readonly #window: CallWindow;
  readonly #places: Places;
  readonly #health: HealthCheck | undefined;
  readonly #availability: Availability;
  readonly #paths = new Map<string, Availability>();
  #gates: PathGate[] = [];
  /** The times of the latest answers, by path. */
  readonly #answeredAt = new Map<string, number>();
  #skipped = 0;
  #isClosed = false;

  constructor(options: HttpApplicationOptions) {
    const { settings, concurrency, observe } = options;
    const { url, connectTimeoutMs, ca, health, concurrencyPerPath } = settings;
    this.#options = options;
    const limits = { connections: concurrency, connectTimeoutMs };
    this.#client = new HttpClient(new URL(new URL(url).origin), { ...limits, ca, observe });
    this.#window = new CallWindow(concurrency);
    this.#health =
      health &&
      new HealthCheck(
        (path, timeoutMs) => this.get(path, timeoutMs),
        health,
        (reason) => this.#onHealth(reason),
      );
    this.#availability = new Availability(
      () => this.#probe(),
      () => this.#onChange(),
    );
    this.#places = new Places({
      window: this.#window,
      perPath: () => Math.min(concurrencyPerPath ?? this.#sharePerPath, concurrency),
      allowed: (path) => placesOf[this.stateOf(path)],
    });
  }

  /** Returns the gate before a path. */
  gate(path: string): CallGate {
    if (!this.#paths.has(path)) {
      const probe = async () => undefined;
      this.#paths.set(path, new Availability(probe, () => this.#onChange()));
    }
    const gate = new PathGate(this, this.#places, path);
    this.#gates.push(gate);
    return gate;
  }

  /**
   * Drops the state of each path without a gate among these: no message will show any more whether that path answers.
   */
  keepOnly(gates: readonly CallGate[]): void {
    this.#gates = this.#gates.filter((gate) => gates.includes(gate));
    const kept = new Set(this.#gates.map(({ path }) => path));
    for (const [path, availability] of this.#paths) {
      if (kept.has(path)) continue;
      availability.end();
      this.#paths.delete(path);
      this.#answeredAt.delete(path);
    }
    this.#onChange();
  }

  get holdMs(): number {
    return this.#options.settings.holdMs;
  }

  /** Returns whether a path can be called. */
  stateOf(path: string): AvailabilityState {
    const own = this.#availability.state;
    if (own === 'closed') return 'closed';
    const ofPath = this.#paths.get(path)?.state ?? 'open';
    return own === 'trying' && ofPath === 'open' ? 'trying' : ofPath;
  }

  /** Returns the reason why a path cannot be called. */
  reasonOf(path: string): string | undefined {
    return this.#availability.reason ?? this.#paths.get(path)?.reason;
  }

  describe(): ApplicationState {
    const closed = [this.#availability, ...this.#paths.values()].find(({ awaySince }) => awaySince !== undefined);
    const { url } = this.#options.settings;
    const counts = { concurrency: this.#window.size, skipped: this.#skipped };
    if (closed?.awaySince === undefined) return { url, state: this.#window.isSlowed ? 'slowed' : 'up', ...counts };
    const reason = closed.reason ?? 'unknown';
    return { url, state: 'away', awaySince: closed.awaySince.toISOString(), reason, ...counts };
  }

  /**
   * Posts a message.
   *
   * @param gatePath the path of the gate that the call has passed
   * @param timeoutMs milliseconds after which the request is given up
   * @throws what the answer means: an `ApplicationError`, or an `ApplicationAway` that is marked as not called
   */
  async post(gatePath: string, request: PostRequest, timeoutMs: number): Promise<void> {
    let answer: Answer;
    try {
      answer = await this.#client.post(request, timeoutMs);
    } catch (error) {
      throw this.#withoutAnswer(gatePath, error);
    }
    const failure = failureOf(answer, Date.now());
    if (failure instanceof ApplicationAway) {
      this.#onUnavailable(gatePath, failure.message);
      throw markNotCalled(failure);
    }
    this.#answeredAt.set(gatePath, performance.now());
    if (asksToSlowDown(answer)) this.#window.halve();
    else if (failure === undefined) this.#window.rise();
    this.#availability.open();
    this.#paths.get(gatePath)?.open();
    if (failure !== undefined) throw failure;
  }

  /** Counts a message that it does not want. */
  skip(): void {
    this.#skipped += 1;
  }

  /** Gets a path below its URL. @throws NotReached, NoAnswer */
  get(path: string, timeoutMs: number): Promise<Answer> {
    const { pathname } = new URL(this.#options.settings.url);
    return this.#client.get(`${pathname.replace(/\/$/, '')}${path}`, timeoutMs);
  }

  /** Begins to watch its health, if it has a health check. */
  start(): void {
    this.#health?.start();
  }

  /** Ends all waits for it. Requests that are under way continue. */
  endWaits(): void {
    this.#health?.stop();
    this.#availability.end();
    for (const path of this.#paths.values()) path.end();
    this.#places.end();
  }

  /** Ends all requests and connections. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.endWaits();
    await this.#client.close();
  }

  /** Notes that a request has no answer. @returns the error of the call */
  #withoutAnswer(gatePath: string, error: unknown): Error {
    if (error instanceof NotReached) {
      const reason = errorText(error.cause);
      this.#availability.close(reason);
      return markNotCalled(new ApplicationAway(`The application cannot be reached: ${reason}`, { cause: error.cause }));
    }
    // It was reached, and the message may have been handled.
    this.#paths.get(gatePath)?.open();
    this.#availability.open();
    const isLate = error instanceof NoAnswer && error.isLate;
    if (isLate) this.#window.halve();
    const text = isLate
      ? 'The application did not answer in time.'
      : 'The connection to the application was lost before its answer was complete.';
    const failure = new ApplicationError(text, { retryable: true, cause: (error as Error).cause });
    // The shutdown has closed the connection, which says nothing about the application: no attempt is counted.
    return this.#isClosed ? markNotCalled(failure) : failure;
  }

  /** Half of the requests, so that a slow path does not stop the others. */
  get #sharePerPath(): number {
    const { concurrency } = this.#options;
    return this.#paths.size > 1 ? Math.ceil(concurrency / 2) : concurrency;
  }

  /**
   * Handles an answer that says that the application is unavailable. It can come from a proxy in front of the
   * application, or concern only one path.
   */
  #onUnavailable(gatePath: string, reason: string): void {
    this.#answeredAt.delete(gatePath);
    this.#paths.get(gatePath)?.close(reason, true);
    const since = performance.now() - recentMs;
    const othersAnswer = [...this.#answeredAt.values()].some((at) => at > since);
    if (!othersAnswer) this.#availability.close(reason, true);
  }

  #onHealth(reason: string | undefined): void {
    if (reason !== undefined) this.#availability.close(reason);
  }

  /** Returns the reason why it is not worth a try. */
  async #probe(): Promise<string | undefined> {
    try {
      if (this.#health) return await this.#health.ask();
      await this.#client.connect();
      return undefined;
    } catch (error) {
      return errorText(error instanceof NotReached ? error.cause : error);
    }
  }

  #onChange(): void {
    if (this.#availability.state === 'closed') this.#window.reset();
    this.#log();
    this.#places.onAvailability((path) => this.stateOf(path) === 'open');
    this.#options.changed();
  }

  #logged: 'up' | 'away' = 'up';

  #log(): void {
    const { url, state, reason } = this.describe();
    const now = state === 'away' ? 'away' : 'up';
    if (now === this.#logged) return;
    this.#logged = now;
    const { logger } = this.#options;
    if (now === 'up') logger.info({ application: url }, 'the application is back: its messages are handled again');
    else
      logger.warn(
        { application: url, reason },
        'the application is away: its messages wait, and no attempt is counted',
      );
  }
}

/** Number of calls that may run in each state. */
const placesOf: Readonly<Record<AvailabilityState, number>> = { open: Number.POSITIVE_INFINITY, trying: 1, closed: 0 };
