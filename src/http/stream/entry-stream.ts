import type { IncomingMessage, ServerResponse } from 'node:http';
import type { OrderedSends, SendResult } from '../../bus/ordered-sends.ts';
import type { SendRequest } from '../../bus/send-request.ts';
import { isLittoralError, LittoralError } from '../../errors.ts';
import type { MaybePromise } from '../../promise/maybe-promise.ts';
import { WorkSlices } from '../../time/work-slices.ts';
import type { BodyMemory } from '../body/body-memory.ts';
import { entryOrError } from '../entries/entries-to-message.ts';
import type { EntryDefaults } from '../entries/entry-defaults.ts';
import { sendingError } from '../entries/entry-error.ts';
import { acceptedResult } from '../entries/entry-result.ts';
import { maxEntryBytes } from '../entries/entry-size.ts';
import { readEntry } from '../entries/read-entry.ts';
import type { Wait } from '../limits/limits.ts';
import { internalError, toProblem } from '../problem.ts';
import { LinePace, type LinePaceOptions } from './line-pace.ts';
import { type Line, LineReader, lineFeed } from './line-reader.ts';
import { ResultLines } from './result-lines.ts';

/** The ability of the gateway to accept messages, with the reason if it cannot. */
export interface Readiness {
  readonly ready: boolean;
  readonly reason?: string | undefined;
}

export interface StreamOptions extends LinePaceOptions {
  readonly sends: OrderedSends;
  readonly defaults: EntryDefaults;
  /** `http.bodyLimit`: the largest payload of an entry. */
  readonly bodyLimit: number;
  /** Throws for an entry that the caller may not send. Default: the caller may send every entry. */
  readonly assertGranted?: ((entry: SendRequest) => void) | undefined;
  /** Counts an entry, or returns the wait that must precede it. Default: there are no limits. */
  readonly count?: ((entry: SendRequest | LittoralError, bytes: number) => Wait | undefined) | undefined;
  readonly memory: BodyMemory;
  readonly health: () => Readiness;
  /** Returns an error as the caller may see it. */
  readonly shown: (error: LittoralError) => LittoralError;
  /** Called before the answer ends. */
  readonly onEnd: () => void;
  /** Called with each error that only the log explains. */
  readonly onUnexpected: (error: unknown) => void;
  /** Time after which a line is written to a silent stream, so that neither side considers it dead. Default: 15 s. */
  readonly aliveMs?: number;
  /** Time between two checks of a broker that accepts no messages. Default: 100 ms. */
  readonly lookMs?: number;
  /** Time after which a caller that reads no results is cut off. Default: 10 min. */
  readonly unreadMs?: number;
}

/** The reason why a stream has ended, in its last line. */
type EndReason = 'complete' | 'draining' | 'too-slow';

/** The reason why the stream reads no further entry. */
interface Hold extends Wait {
  /** The text for the caller. Default: a text with the reason. */
  readonly detail?: string;
  /** True if the wait is too short to report it in a line. */
  readonly isBrief?: boolean;
}

/** Maximum number of entries whose results are not written. */
export const maxUnwritten = 256;

/** Duration below which a wait for a limit is not reported in a line. */
const briefMs = 1000;

/** Maximum time between two checks of a limit, because a limit can change while a stream waits for it. */
const longestLookMs = 1000;

/**
 * A stream of entries. It reads one entry from each line of a request, sends the entries in order, and writes a result
 * for each in the same order. It pauses while too many results are outstanding or unread, and while the broker accepts
 * no messages.
 */
export class EntryStream {
  readonly #options: StreamOptions;
  readonly #input: IncomingMessage;
  readonly #output: ServerResponse;
  readonly #lines: LineReader;
  readonly #pace: LinePace;
  readonly #results: ResultLines;
  #next: number;
  #accepted = 0;
  #failed = 0;
  #reason: EndReason | undefined;
  #hasInputEnded = false;
  #isBroken = false;
  #wake: () => void = () => {};

  constructor(input: IncomingMessage, output: ServerResponse, options: StreamOptions) {
    this.#options = options;
    this.#input = input;
    this.#output = output;
    this.#next = options.defaults.firstIndex;
    this.#lines = new LineReader(maxEntryBytes(options.bodyLimit), options.memory);
    this.#pace = new LinePace(options);
    this.#results = new ResultLines(output, () => this.#wake());
  }

  /** Ends the stream after the entries that it has read. */
  end(reason: EndReason = 'draining'): void {
    this.#reason ??= reason;
    this.#wake();
  }

  /** Runs the stream to its end. Never rejects. */
  async run(): Promise<void> {
    const { aliveMs = 15_000 } = this.#options;
    this.#listen();
    const timer = setInterval(() => this.#onTick(), aliveMs);
    try {
      await this.#readAll();
      await this.#options.sends.settle();
      this.#end();
    } catch (error) {
      // This is never an error of an entry.
      this.#options.onUnexpected(error);
      this.#output.destroy();
    } finally {
      clearInterval(timer);
      this.#lines.release();
    }
  }

  #listen(): void {
    const wake = () => this.#wake();
    const broken = () => {
      this.#isBroken = true;
      this.#wake();
    };
    // The caller can have closed the connection while its token was verified. Node then emits no further event.
    if (this.#input.destroyed || this.#output.destroyed) this.#isBroken = true;
    this.#input.on('readable', wake);
    this.#input.on('end', () => {
      this.#hasInputEnded = true;
      this.#wake();
    });
    this.#input.on('error', broken);
    this.#input.on('close', () => {
      if (!this.#input.complete) broken();
    });
    this.#output.on('close', broken);
    this.#output.on('error', broken);
  }

  async #readAll(): Promise<void> {
    const slices = new WorkSlices();
    for (;;) {
      const piece = await this.#nextPiece();
      if (piece === undefined) break;
      if (piece.includes(lineFeed)) this.#pace.restart();
      for (const line of this.#lines.read(piece)) {
        // Most lines are sent without waiting, so no promise is created for them.
        const isSent = this.#send(line);
        if (isSent) await isSent;
        if (this.#isOver) return;
        if (slices.isOver) await slices.pause();
      }
    }
    const last = this.#isOver ? undefined : this.#lines.end();
    if (last) await this.#send(last);
  }

  get #isOver(): boolean {
    return this.#isBroken || this.#reason !== undefined;
  }

  async #nextPiece(): Promise<Buffer | undefined> {
    this.#pace.begin();
    try {
      while (!this.#isOver) {
        const piece: Buffer | null = this.#input.read();
        if (piece !== null) return piece;
        if (this.#hasInputEnded) return undefined;
        await this.#sleep();
      }
      return undefined;
    } finally {
      this.#pace.pause(this.#lines.pending);
    }
  }

  /** Resolves at the next event of the stream, or after the timeout. */
  #sleep(timeoutMs?: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = timeoutMs === undefined ? undefined : setTimeout(resolve, timeoutMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Sends the entry of a line when there is room for its result. Does nothing if the stream ends first. */
  #send(line: Line): MaybePromise<void> {
    if (this.#isOver) return;
    if (this.#isFull) return this.#sendLater(line);
    const entry = this.#read(line);
    const { count, health } = this.#options;
    if (count || !health().ready) return this.#sendHeld(entry, line);
    return this.#sendNow(entry);
  }

  async #sendLater(line: Line): Promise<void> {
    while (!this.#isOver && this.#isFull) await this.#sleep();
    return this.#send(line);
  }

  /** Sends an entry when the limits and the broker allow it. */
  async #sendHeld(read: SendRequest | LittoralError, line: Line): Promise<void> {
    const { count, health } = this.#options;
    const entry = count ? await this.#counted(read, line, count) : read;
    if (!this.#isOver && !health().ready) await this.#hold(() => this.#unreadiness());
    if (!this.#isOver) return this.#sendNow(entry);
  }

  #sendNow(entry: SendRequest | LittoralError): MaybePromise<void> {
    const index = this.#next;
    this.#next += 1;
    const write = this.#results.open();
    if (isLittoralError(entry)) return write(this.#problemLine(index, entry));
    return this.#options.sends.push(entry, (result) => write(this.#resultLine(index, result)));
  }

  /** True if the caller has to read results before the stream sends further entries. */
  get #isFull(): boolean {
    return this.#results.unwritten >= maxUnwritten || this.#results.heldSince !== undefined;
  }

  #read(line: Line): SendRequest | LittoralError {
    const { defaults, bodyLimit, assertGranted } = this.#options;
    const read = () => {
      if (isLittoralError(line)) throw line;
      const request = readEntry(line, this.#next, defaults, { bodyLimit, copiesPayload: true });
      assertGranted?.(request);
      return request;
    };
    return entryOrError(read, '');
  }

  /** Waits until the limits allow an entry. @returns the entry, or an error if it exceeds the capacity of a limit */
  async #counted(entry: SendRequest | LittoralError, line: Line, count: NonNullable<StreamOptions['count']>) {
    // The length of a line that was too long is unknown.
    const bytes = isLittoralError(line) ? this.#options.bodyLimit : line.byteLength;
    const look = () => {
      const wait = count(entry, bytes);
      return wait && { ...wait, isBrief: wait.waitMs < briefMs, waitMs: Math.min(wait.waitMs, longestLookMs) };
    };
    try {
      await this.#hold(look);
      return entry;
    } catch (error) {
      return entryOrError(() => {
        throw error;
      }, '');
    }
  }

  #unreadiness(): Hold | undefined {
    const { health, shown, lookMs: waitMs = 100 } = this.#options;
    const { ready, reason = 'the broker takes no messages' } = health();
    if (ready) return undefined;
    const error = new LittoralError('broker-unavailable', `Nothing more is read: ${reason}.`);
    return { reason, detail: shown(error).message, waitMs };
  }

  /** Waits while there is a reason to hold the stream, and writes it in a line. Ends with the stream at the latest. */
  async #hold(look: () => Hold | undefined): Promise<void> {
    let told: string | undefined;
    while (!this.#isOver) {
      const hold = look();
      if (hold === undefined) break;
      const { reason, detail = `Nothing more is read: ${reason}.`, waitMs, isBrief = false } = hold;
      if (reason !== told && !isBrief) {
        told = reason;
        this.#notice({ notice: 'held', next: this.#next, detail });
      }
      await this.#sleep(waitMs);
    }
    if (told !== undefined && !this.#isOver) this.#notice({ notice: 'resumed', next: this.#next });
  }

  #resultLine(index: number, { receipt, error }: SendResult): string {
    if (receipt === undefined) {
      if (!isLittoralError(error)) this.#options.onUnexpected(error);
      return this.#problemLine(index, sendingError(isLittoralError(error) ? error : internalError(error), ''));
    }
    this.#accepted += 1;
    return acceptedResult(index, receipt);
  }

  #problemLine(index: number, error: LittoralError): string {
    this.#failed += 1;
    return JSON.stringify({ index, ...toProblem(this.#options.shown(error)) });
  }

  #notice(notice: object): void {
    if (!this.#isBroken) this.#results.notice(JSON.stringify(notice));
  }

  #onTick(): void {
    const { unreadMs = 10 * 60_000 } = this.#options;
    const { heldSince } = this.#results;
    if (heldSince !== undefined) {
      if (performance.now() - heldSince > unreadMs) this.#output.destroy();
      return;
    }
    if (this.#pace.isTooSlow(this.#lines.pending)) this.end('too-slow');
    if (!this.#results.hasWritten) this.#notice({ notice: 'alive', next: this.#next });
    this.#results.hasWritten = false;
  }

  /** Writes the last line: all entries before `next` have their results above, and no other was sent. */
  #end(): void {
    if (this.#isBroken) return;
    const [next, accepted, failed] = [this.#next, this.#accepted, this.#failed];
    this.#notice({ notice: 'end', reason: this.#reason ?? 'complete', next, accepted, failed });
    this.#results.flush();
    this.#options.onEnd();
    this.#output.end();
  }
}
