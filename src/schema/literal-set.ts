/** The literals of a schema. The time to look up a value does not depend on their number. */
export class LiteralSet {
  readonly #scalars: ReadonlySet<unknown>;
  /** The objects and lists, in their canonical form. */
  readonly #texts: ReadonlySet<string>;
  readonly #limits: TextLimits;

  constructor(literals: readonly unknown[]) {
    const texts = literals.filter(isComposite).map((literal) => new CanonicalText(unlimited, literal));
    this.#scalars = new Set(literals.filter((literal) => !isComposite(literal) && !Number.isNaN(literal)));
    this.#texts = new Set(texts.map(({ text }) => text).filter((text) => text !== undefined));
    this.#limits = {
      length: Math.max(0, ...texts.map(({ length }) => length)),
      depth: Math.max(0, ...texts.map(({ depth }) => depth)),
    };
  }

  /** The number of different literals. */
  get size(): number {
    return this.#scalars.size + this.#texts.size;
  }

  /** Returns whether a value equals a literal: objects by their fields, whatever their order. */
  has(value: unknown): boolean {
    if (!isComposite(value)) return this.#scalars.has(value);
    if (this.#texts.size === 0) return false;
    const { text } = new CanonicalText(this.#limits, value);
    return text !== undefined && this.#texts.has(text);
  }
}

/** The limits beyond which a value is larger than each literal, so that the rest of it is not read. */
interface TextLimits {
  readonly length: number;
  readonly depth: number;
}

const unlimited: TextLimits = { length: Number.POSITIVE_INFINITY, depth: Number.POSITIVE_INFINITY };

function isComposite(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** A text that is equal for equal values. */
class CanonicalText {
  /** Undefined for a value that is larger than the limits, or that equals no other. */
  readonly text: string | undefined;
  length = 0;
  depth = 0;
  readonly #limits: TextLimits;

  constructor(limits: TextLimits, value: object) {
    this.#limits = limits;
    this.text = this.#composite(value, 1);
  }

  #composite(value: object, depth: number): string | undefined {
    if (depth > this.#limits.depth) return undefined;
    this.depth = Math.max(this.depth, depth);
    return Array.isArray(value) ? this.#list(value, depth) : this.#object(value as Fields, depth);
  }

  #list(items: readonly unknown[], depth: number): string | undefined {
    let text = this.#counted('[');
    for (let index = 0; index < items.length && text !== undefined; index++) {
      text = joined(text, this.#part(items[index], depth));
    }
    return joined(text, this.#counted(']'));
  }

  #object(fields: Fields, depth: number): string | undefined {
    const names = Object.keys(fields);
    if (names.length > this.#limits.length) return undefined;
    let text = this.#counted('{');
    for (const name of names.sort()) {
      text = joined(text, this.#counted(quoted(name)));
      if (text === undefined) return undefined;
      text = joined(text, this.#part(fields[name], depth));
    }
    return joined(text, this.#counted('}'));
  }

  #part(value: unknown, depth: number): string | undefined {
    if (isComposite(value)) return this.#composite(value, depth + 1);
    if (typeof value === 'string') return this.#counted(quoted(value));
    if (typeof value === 'bigint') return this.#counted(`${value}n`);
    const isEqualToNone = Number.isNaN(value) || typeof value === 'function' || typeof value === 'symbol';
    return isEqualToNone ? undefined : this.#counted(`${String(value)},`);
  }

  #counted(text: string): string | undefined {
    this.length += text.length;
    return this.length > this.#limits.length ? undefined : text;
  }
}

type Fields = Readonly<Record<string, unknown>>;

/** The length before the text keeps it apart from what follows. */
function quoted(text: string): string {
  return `${text.length}"${text}`;
}

function joined(start: string | undefined, end: string | undefined): string | undefined {
  return start === undefined || end === undefined ? undefined : start + end;
}
