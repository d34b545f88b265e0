/** Length of a text up to which V8's own search is fast enough on any text. */
export const shortLength = 100;

/**
 * Returns the position of a text in another, or -1. V8's own search for a long text takes the product of both lengths
 * in the worst case; this takes their sum (Knuth, Morris and Pratt).
 */
export function positionOf(text: string, wanted: string, from = 0): number {
  return wanted.length <= shortLength ? text.indexOf(wanted, from) : new LongText(wanted).positionIn(text, from);
}

/** Splits a text as `split` of JavaScript does. */
export function splitAt(text: string, separator: string, limit: number): string[] {
  if (separator.length <= shortLength) return text.split(separator, limit);
  const wanted = new LongText(separator);
  const parts: string[] = [];
  let start = 0;
  while (parts.length < limit) {
    const end = wanted.positionIn(text, start);
    parts.push(text.slice(start, end === -1 ? undefined : end));
    if (end === -1) break;
    start = end + separator.length;
  }
  return parts;
}

/** A text to look for. */
class LongText {
  readonly #text: string;
  /** For each beginning of the text: the length of the longest shorter beginning with which it ends. */
  readonly #borders: Uint32Array;

  constructor(text: string) {
    this.#text = text;
    this.#borders = new Uint32Array(text.length + 1);
    for (let index = 1, border = 0; index < text.length; index += 1) {
      border = this.#extend(border, text.charCodeAt(index));
      this.#borders[index + 1] = border;
    }
  }

  positionIn(text: string, from: number): number {
    const { length } = this.#text;
    for (let index = from, matched = 0; index < text.length; index += 1) {
      matched = this.#extend(matched, text.charCodeAt(index));
      if (matched === length) return index - length + 1;
    }
    return -1;
  }

  /** Returns the length of the longest beginning with which a text ends, one character later. */
  #extend(matched: number, character: number): number {
    let length = matched;
    while (length > 0 && this.#text.charCodeAt(length) !== character) length = this.#borders[length] as number;
    return this.#text.charCodeAt(length) === character ? length + 1 : length;
  }
}
