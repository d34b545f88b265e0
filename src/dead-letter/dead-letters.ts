import type { BrowseAction, QueueBrowser, WaitingMessage } from '../engine/browsing.ts';
import type { Publisher } from '../engine/publication.ts';
import { isLittoralError, LittoralError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { Header } from '../message/message-headers.ts';
import { routingKeyMatcher } from '../message/routing-key.ts';
import { decodeContent } from '../wire/content-encoding.ts';
import { deadLetterQueue } from '../wire/service-queue.ts';
import { decodeCursor, encodeCursor } from './dead-letter-cursor.ts';
import { type DeadLetterPage, PageSearch } from './dead-letter-page.ts';
import { type DeadLetterDetails, DeadLetterView } from './dead-letter-view.ts';
import { publishReplay } from './publish-replay.ts';
import { type ReplayProgress, ReplayRun } from './replay-run.ts';

export interface DeadLettersOptions {
  readonly service: string;
  /** The queue that the service consumes. Default: Ecotone's name for it. */
  readonly queue?: string | undefined;
  readonly channel: Publisher & QueueBrowser;
  readonly logger: Logger;
}

/** Selects dead letters. In both fields, `*` matches any characters. Default: all. */
export interface DeadLetterFilter {
  readonly routingKey?: string | undefined;
  /** The class of the error, or the word for the reason, such as `expired` or `delivery_limit`. */
  readonly error?: string | undefined;
}

export interface ListOptions extends DeadLetterFilter {
  /** Maximum number of dead letters of the page. Default: 50. */
  readonly limit?: number | undefined;
  /** The `next` of an earlier page. Default: the beginning of the queue. */
  readonly after?: string | undefined;
}

export interface ReplayAllOptions extends DeadLetterFilter {
  /** Maximum number of dead letters to replay. Default: all. */
  readonly limit?: number | undefined;
  /** Ends the replay in order: replays that have begun are finished. */
  readonly signal?: AbortSignal | undefined;
  /** Called at intervals. */
  readonly onProgress?: ((progress: ReplayProgress) => void) | undefined;
}

/** Maximum size of a decompressed payload that is shown. */
const maxShownBytes = 4 * 1024 * 1024;

/** Maximum number of dead letters that are replayed at once, and held in memory. */
const replaysAtOnce = 50;

/**
 * Maximum number of dead letters that one browse replays. The broker holds each browsed message in memory until it
 * ends, and a broker that is short of memory blocks every publisher.
 */
const replaysInSlice = 5000;

/** Lists, replays and deletes the dead letters of a service. Each method browses the queue from its beginning. */
export class DeadLetters {
  readonly #options: DeadLettersOptions;
  readonly #queue: string;

  constructor(options: DeadLettersOptions) {
    this.#options = options;
    this.#queue = deadLetterQueue(options.service);
  }

  /**
   * Lists a page, the oldest first. A page continues where the last one ended, also if dead letters were replayed or
   * deleted meanwhile: none is left out; some can be shown again if all that the cursor names have gone.
   *
   * @throws LittoralError `malformed-request` for a wrong cursor; the errors of `QueueBrowser.browse`
   */
  async list({ limit = 50, after, ...filter }: ListOptions = {}): Promise<DeadLetterPage> {
    const search = new PageSearch(limit, matcher(filter), after === undefined ? undefined : decodeCursor(after));
    const unreadable = await this.#look((letter, { position, end }) => {
      if (search.add(letter, position)) end();
    });
    const { items, next } = search.page();
    const isFiltered = filter.routingKey !== undefined || filter.error !== undefined;
    if (unreadable === undefined) {
      const isEmpty = items.length === 0 && after === undefined && isFiltered && search.looked > 0;
      const total = isEmpty ? { total: search.looked } : {};
      return { items, next: next === undefined ? null : encodeCursor(next), ...total };
    }
    if (items.length === 0) throw unreadable;
    return { items, next: null, fault: unreadable.message };
  }

  /** @throws LittoralError `dead-letter-not-found`; what `QueueBrowser.browse` throws */
  async show(id: string): Promise<DeadLetterDetails> {
    const { letter } = await this.#find(id);
    const { headers, body } = letter.message;
    // A payload that cannot be decompressed is shown compressed.
    return letter.details(await decodeContent(body, headers, maxShownBytes).catch(() => body));
  }

  /**
   * Puts a dead letter back into the queue that it came from, for the handler that failed, as if it had never been
   * tried; then removes it. If the process dies in between, the message is handled twice, never lost. The replay does
   * not wait for room.
   *
   * @throws LittoralError `dead-letter-not-found`; what `Publisher.publish` and `QueueBrowser.browse` throw
   */
  async replay(id: string): Promise<void> {
    const letter = await this.#remove(id, (dead) => publishReplay(dead, this.#options, AbortSignal.abort()));
    this.#options.logger.info(fieldsOf(letter), 'a dead letter was replayed');
  }

  /** @throws LittoralError `dead-letter-not-found`; what `QueueBrowser.browse` throws */
  async delete(id: string): Promise<void> {
    const letter = await this.#remove(id, async () => {});
    this.#options.logger.info(fieldsOf(letter), 'a dead letter was deleted');
  }

  /**
   * Replays all matching dead letters that exist when it begins. They are published in their order.
   *
   * @throws the errors of `Publisher.publish` and `QueueBrowser.browse`; the text has the number that had been replayed
   */
  async replayAll({ limit = Infinity, signal, onProgress, ...filter }: ReplayAllOptions = {}): Promise<ReplayProgress> {
    const run = new ReplayRun({ ...this.#options, matches: matcher(filter), signal, onProgress });
    const { progress } = run;
    try {
      while (await this.#replaySome(run, Math.min(replaysInSlice, limit - progress.replayed - progress.failed)));
    } catch (error) {
      throw withCount(error, progress.replayed);
    } finally {
      const { replayed, failed, seen, total } = progress;
      this.#options.logger.info({ replayed, failed, seen, total }, 'dead letters were replayed');
    }
    return { ...progress };
  }

  /**
   * @param most the maximum number
   * @returns whether there can be more
   */
  async #replaySome(run: ReplayRun, most: number): Promise<boolean> {
    const slice = run.slice(most);
    if (slice === undefined) return false;
    const unreadable = await this.#look(slice.look, slice.lookUpTo);
    await this.#options.channel.browse(this.#queue, { visit: slice.replay, window: replaysAtOnce, upTo: slice.upTo });
    if (unreadable) throw unreadable;
    return slice.isFull;
  }

  /**
   * Finds the matching dead letters, and changes nothing.
   *
   * @returns the error that prevents reading the rest, if any
   */
  async #look(
    see: (letter: DeadLetterView, waiting: WaitingMessage) => void,
    upTo?: number,
  ): Promise<LittoralError | undefined> {
    const visit = (waiting: WaitingMessage) => {
      see(new DeadLetterView(waiting), waiting);
      return 'keep' as const;
    };
    try {
      await this.#options.channel.browse(this.#queue, { visit, upTo });
      return undefined;
    } catch (error) {
      if (isLittoralError(error) && error.code === 'unreadable-message') return error;
      throw error;
    }
  }

  async #find(id: string): Promise<{ readonly letter: DeadLetterView; readonly position: number }> {
    let found: { letter: DeadLetterView; position: number } | undefined;
    const unreadable = await this.#look((letter, { position, end }) => {
      if (letter.id !== id) return;
      found = { letter, position };
      end();
    });
    if (found === undefined) throw unreadable ?? notFound(id);
    return found;
  }

  /**
   * Removes a dead letter after some work. It is located first, so that no message behind it is delivered while that
   * work is done: a message that cannot be decoded would end the connection, and the work would be repeated
   * endlessly.
   */
  async #remove(id: string, work: (letter: DeadLetterView) => Promise<void>): Promise<DeadLetterView> {
    const { position } = await this.#find(id);
    let removed: DeadLetterView | undefined;
    const visit = (waiting: WaitingMessage) => {
      const letter = new DeadLetterView(waiting);
      if (letter.id !== id) return 'keep';
      waiting.end();
      removed = letter;
      return work(letter).then((): BrowseAction => 'remove');
    };
    await this.#options.channel.browse(this.#queue, { visit, upTo: position });
    if (removed === undefined) throw notFound(id);
    return removed;
  }
}

function matcher({ routingKey, error }: DeadLetterFilter): (letter: DeadLetterView) => boolean {
  const isKey = routingKeyMatcher(routingKey ?? '*');
  const isError = routingKeyMatcher(error ?? '*');
  return (letter) =>
    isKey(letter.routingKey ?? '') && (isError(letter.errorClass ?? '') || isError(letter.reasonCode ?? ''));
}

function notFound(id: string): LittoralError {
  return new LittoralError(
    'dead-letter-not-found',
    `No dead letter '${id.slice(0, 64).toWellFormed()}'. It may have been replayed or deleted. Write its own id, not the id of its message.`,
  );
}

function withCount(error: unknown, replayed: number): unknown {
  if (!isLittoralError(error) || replayed === 0) return error;
  return new LittoralError(error.code, `${error.message} Before that, ${replayed} were replayed.`, { cause: error });
}

function fieldsOf({ id, message: { headers } }: DeadLetterView): Readonly<Record<string, unknown>> {
  return { deadLetterId: id, messageId: headers[Header.id], routingKey: headers[Header.routingKey] };
}
