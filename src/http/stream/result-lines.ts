import type { Writable } from 'node:stream';

/** The place of a result among the others. */
interface Place {
  line: string | undefined;
}

/**
 * The lines of an answer: a result for each entry, in the order of the entries, whenever they are known. All lines of a
 * turn of the event loop are written at once.
 */
export class ResultLines {
  readonly #output: Writable;
  readonly #onChange: () => void;
  #places: Place[] = [];
  /** The number of places at the beginning of the list that are written. */
  #written = 0;
  #notices = '';
  #isScheduled = false;
  #heldSince: number | undefined;
  /** True once a line was written since it was last read. */
  hasWritten = false;

  /** @param onChange called when places were written, and when the caller has read what was written */
  constructor(output: Writable, onChange: () => void) {
    this.#output = output;
    this.#onChange = onChange;
    output.on('drain', () => {
      this.#heldSince = undefined;
      onChange();
    });
  }

  /** Returns the number of entries whose results are not written. */
  get unwritten(): number {
    return this.#places.length - this.#written;
  }

  /** Returns since when the caller does not read, by `performance.now()`; undefined if it reads. */
  get heldSince(): number | undefined {
    return this.#heldSince;
  }

  /** Reserves the next place. @returns a function to call with its line */
  open(): (line: string) => void {
    const place: Place = { line: undefined };
    this.#places.push(place);
    return (line) => {
      place.line = line;
      this.#schedule();
    };
  }

  /** Writes a line that belongs to no entry, after the known results. */
  notice(line: string): void {
    this.#notices += `${line}\n`;
    this.#schedule();
  }

  /** Writes all lines that can be written. */
  flush(): void {
    this.#isScheduled = false;
    let text = '';
    for (let place = this.#places[this.#written]; place?.line !== undefined; place = this.#places[this.#written]) {
      text += `${place.line}\n`;
      this.#written += 1;
    }
    if (this.#written > 1024) {
      this.#places = this.#places.slice(this.#written);
      this.#written = 0;
    }
    text += this.#notices;
    this.#notices = '';
    if (text === '' || !this.#output.writable) return;
    this.hasWritten = true;
    if (!this.#output.write(text)) this.#heldSince ??= performance.now();
    this.#onChange();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.flush());
  }
}
