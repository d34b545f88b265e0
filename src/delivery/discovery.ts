import { occursTwice, repeatedMember } from '../conversion/json/repeated-member.ts';
import type { Logger } from '../logger.ts';
import { asBuffer } from '../text/as-buffer.ts';
import { withoutByteOrderMark } from '../text/byte-order-mark.ts';
import { errorText } from '../text/error-chain.ts';
import type { Subscriptions } from './application-handlers.ts';
import { Backoff } from './backoff.ts';
import type { HttpApplication } from './http-application.ts';
import { maxAnswerBytes } from './http-exchange.ts';
import { NotReached } from './request-failures.ts';

/** What an application says that it receives. */
interface Discovered {
  readonly commands?: Subscriptions | undefined;
  readonly events?: Subscriptions | undefined;
}

export interface DiscoveryOptions {
  readonly application: HttpApplication;
  /** Returns the issues of an answer. */
  readonly validate: (answer: unknown) => readonly string[];
  /** Applies the answer of the application. @throws LittoralError if its handlers are not valid */
  readonly found: (answer: Discovered) => void;
  readonly logger: Logger;
}

/** The path that says what an application receives (RFC 8615). */
const wellKnownPath = '/.well-known/littoral';
const timeoutMs = 5_000;
const waits = { firstMs: 200, longestMs: 5_000 };

/** Asks an application what it receives, until it answers, and again after it was away. */
export class Discovery {
  readonly #options: DiscoveryOptions;
  readonly #backoff = new Backoff(waits.firstMs, waits.longestMs);
  #isAsking = false;
  #hasEnded = false;
  #known: string | undefined;
  #complaint: string | undefined;
  #isAway = false;

  constructor(options: DiscoveryOptions) {
    this.#options = options;
  }

  /** Begins to ask. */
  start(): void {
    if (!this.#isAsking) void this.#ask();
  }

  /** Notes that the state of the application may have changed. */
  onChange(): void {
    const isAway = this.#options.application.describe().state === 'away';
    const isBack = this.#isAway && !isAway;
    this.#isAway = isAway;
    if (isBack) this.start();
  }

  end(): void {
    this.#hasEnded = true;
    this.#backoff.reset();
  }

  async #ask(): Promise<void> {
    this.#isAsking = true;
    const complaint = await this.#complaintOf();
    if (this.#hasEnded) return;
    if (complaint === undefined) {
      this.#isAsking = false;
      this.#complaint = undefined;
      this.#backoff.reset();
      return;
    }
    if (complaint !== this.#complaint) {
      this.#options.logger.warn(
        { reason: complaint },
        'the application has not said what it receives; it is asked again',
      );
    }
    this.#complaint = complaint;
    this.#backoff.next(() => void this.#ask());
  }

  /** Asks once. @returns the reason why the answer cannot be used; undefined if it was applied */
  async #complaintOf(): Promise<string | undefined> {
    const { application, validate, found, logger } = this.#options;
    try {
      const { status, body } = await application.get(wellKnownPath, timeoutMs);
      if (this.#hasEnded) return undefined;
      if (status !== 200) return `GET ${wellKnownPath} was answered with ${status}`;
      if (body.byteLength >= maxAnswerBytes)
        return `the answer to GET ${wellKnownPath} is not shorter than ${maxAnswerBytes / 1024} KiB`;
      const text = withoutByteOrderMark(asBuffer(body).toString('utf8'));
      if (text === this.#known) return undefined;
      const answer: unknown = JSON.parse(text);
      const repeated = repeatedMember(text);
      const issues = repeated === undefined ? validate(answer) : [`${repeated.slice(1)} ${occursTwice}`];
      if (issues.length > 0) return `the answer to GET ${wellKnownPath} is not valid: ${issues.join('; ')}`;
      found(answer as Discovered);
      this.#known = text;
      logger.info('the application has said what it receives');
      return undefined;
    } catch (error) {
      return `GET ${wellKnownPath}: ${errorText(error instanceof NotReached ? error.cause : error)}`;
    }
  }
}
