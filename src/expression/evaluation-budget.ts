import { ExpressionError } from './expression-error.ts';
import type { ExpressionLimits } from './expression-limits.ts';

/** Time after which an evaluation yields to the event loop, in milliseconds. */
const sliceMs = 20;

/** Number of concurrent branches of an evaluation that continue in one turn of the event loop. */
const branchesInTurn = 500;

/** The bound on all texts or lists of one evaluation, as a multiple of the bound on a single one. */
const totalFactor = 4;

/** Minimum length of a text that is recognized when another one extends it. */
const knownLength = 64;

/** Number of texts that are recognized. */
const knownTexts = 8;

/** The limits of one evaluation: time, and memory for its results. */
export class EvaluationBudget {
  readonly #limits: Required<ExpressionLimits>;
  #computedMs = 0;
  #lookedAtMs = performance.now();
  #sliceBeganMs = this.#lookedAtMs;
  #madeItems = 0;
  #madeCharacters = 0;
  /** The texts that were put together last, and that are counted. */
  readonly #joined: string[] = [];
  #over = false;
  #cpuAtHalf: NodeJS.CpuUsage | undefined;
  /** The branches that yielded. */
  readonly #waiting: (() => void)[] = [];

  constructor(limits: Required<ExpressionLimits>) {
    this.#limits = limits;
  }

  /** Throws if the evaluation has computed for too long, or if another branch of it has failed. */
  checkLimits(): void {
    const { timeoutMs } = this.#limits;
    const now = performance.now();
    // Counts no more than a part of the limit at a time, because a stalled machine must not fail a message.
    this.#computedMs += Math.min(now - this.#lookedAtMs, timeoutMs / 4);
    this.#lookedAtMs = now;
    if (this.#computedMs > timeoutMs / 2) this.#correctByCpu(timeoutMs / 2);
    if (this.#computedMs > timeoutMs || this.#over) throw { code: 'D1012' };
  }

  /**
   * Corrects the time of the second half of the limit when that half is over. The evaluation has computed for less time
   * than has passed if other processes used the processor.
   */
  #correctByCpu(halfMs: number): void {
    if (this.#cpuAtHalf === undefined) this.#cpuAtHalf = process.cpuUsage();
    else if (this.#computedMs > 2 * halfMs) {
      const { user, system } = process.cpuUsage(this.#cpuAtHalf);
      this.#computedMs = Math.min(this.#computedMs, halfMs + (user + system) / 1000);
    }
  }

  assertDepth(depth: number): void {
    if (depth > this.#limits.maxDepth) throw { code: 'D1011' };
  }

  /** The remaining milliseconds. */
  get leftMs(): number {
    return this.#limits.timeoutMs - this.#computedMs;
  }

  /** True if the evaluation should yield to the event loop. */
  get isSliceOver(): boolean {
    return this.#lookedAtMs - this.#sliceBeganMs > sliceMs;
  }

  /**
   * Yields to the event loop. Concurrent branches of the evaluation continue in their order, some in each turn: JSONata
   * evaluates all fields of an object at once, and thousands of them in one turn would block the event loop.
   */
  breathe(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#waiting.length === 0) setImmediate(this.#continueSome);
      this.#waiting.push(resolve);
    });
  }

  readonly #continueSome = (): void => {
    this.resume();
    this.#sliceBeganMs = this.#lookedAtMs;
    for (const proceed of this.#waiting.splice(0, branchesInTurn)) proceed();
    if (this.#waiting.length > 0) setImmediate(this.#continueSome);
  };

  /** Resumes the clock after time that does not count: waiting and user code. */
  resume(): void {
    this.#lookedAtMs = performance.now();
  }

  /** Ends the remaining branches of an evaluation after one of them has failed. */
  end(): void {
    this.#over = true;
  }

  get maxSequenceLength(): number {
    return this.#limits.maxSequenceLength;
  }

  /** Throws if a text would be too long. Called before the text is made. */
  assertTextLength(length: number): void {
    const { maxTextLength } = this.#limits;
    if (length > maxTextLength) {
      throw tooLong(`a text of more than ${maxTextLength} characters`);
    }
  }

  /** Counts a text. Called before the text is made, if its length is known. */
  makeText(length: number): void {
    this.assertTextLength(length);
    this.#madeCharacters += length;
    const most = this.#limits.maxTextLength * totalFactor;
    if (this.#madeCharacters > most) throw tooLong(`texts of more than ${most} characters in all`);
  }

  /**
   * Counts a text that is made of others. It takes the place of one that it only extends, so that a text can be put
   * together piece by piece.
   *
   * @param parts the texts that it is made of
   */
  joinTexts(text: string, parts: readonly string[]): void {
    if (text.length < knownLength) {
      this.makeText(text.length);
      return;
    }
    for (const part of parts) {
      const at = part.length < knownLength ? -1 : this.#joined.indexOf(part);
      if (at === -1) continue;
      this.#joined.splice(at, 1);
      this.#madeCharacters -= part.length;
    }
    this.makeText(text.length);
    this.#joined.push(text);
    if (this.#joined.length > knownTexts) this.#joined.shift();
  }

  /** Counts a list. Called before the list is made, if its length is known. */
  makeList(length: number): void {
    const { maxSequenceLength } = this.#limits;
    if (length > maxSequenceLength) throw { code: 'D2015' };
    this.#madeItems += length;
    const most = maxSequenceLength * totalFactor;
    if (this.#madeItems > most) throw tooLong(`lists of more than ${most} items in all`);
  }
}

function tooLong(what: string): ExpressionError {
  return new ExpressionError(`something in it is nested too deeply, or too long: it makes ${what}`);
}
