import { randomInt } from 'node:crypto';

/**
 * Maximum number of different sequences of field names in the objects of a text. `{"a":1,"b":2}` has the sequences `a`
 * and `a, b`. V8 creates a hidden class for each sequence, which takes twenty times as long as a field.
 */
export const maxFieldSequences = 30_000;

/** Number of fields of an object that count for its sequences. V8 stores an object with more fields as a table. */
export const sequenceFields = 128;

/** The hash of an empty sequence. It is random, so that a sender cannot choose names whose hashes collide. */
export const emptySequence = randomInt(2 ** 31);

/** The sequences of field names in the objects of one value. */
export class FieldSequences {
  readonly #hashes = new Set<number>();

  /** Counts the sequences of an object. @returns true if there are too many of them */
  isExceededBy(names: readonly unknown[]): boolean {
    let sequence = emptySequence;
    const count = Math.min(names.length, sequenceFields);
    for (let index = 0; index < count; index++) {
      sequence = hashed(String(names[index]), sequence);
      this.#hashes.add(sequence);
    }
    return this.#hashes.size > maxFieldSequences;
  }
}

function hashed(name: string, sequence: number): number {
  let hash = hashOfLength(sequence, name.length);
  for (let index = 0; index < name.length; index++) hash = hashWith(hash, name.charCodeAt(index));
  return hash;
}

/** Begins the hash of the next name. The factor is that of MurmurHash2, so that each length changes all higher bits. */
export function hashOfLength(sequence: number, length: number): number {
  return Math.imul(sequence ^ length, 0x5bd1e995);
}

/** Adds one byte or character of a name to its hash. This step is that of FNV-1a. */
export function hashWith(hash: number, unit: number): number {
  return Math.imul(hash ^ unit, 0x01000193);
}
