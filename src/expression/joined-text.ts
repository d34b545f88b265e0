const piecesJoinedAtOnce = 4_000;

/** A text of many pieces. V8 takes a hundred milliseconds to read a text that was put together from a million. */
export class JoinedText {
  #text = '';
  #pieces: string[] = [];
  length = 0;

  add(piece: string): void {
    this.length += piece.length;
    if (this.#pieces.push(piece) < piecesJoinedAtOnce) return;
    this.#text += this.#pieces.join('');
    this.#pieces = [];
  }

  toString(): string {
    return this.#text + this.#pieces.join('');
  }
}
