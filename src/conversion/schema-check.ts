import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import type { TLocalizedValidationError } from 'typebox/error';
import { Settings } from 'typebox/system';
import type { Fault } from '../errors.ts';

/** A TypeBox schema. TypeBox's own type for one is empty, and would let texts, numbers, lists and functions through. */
export type Schema = TSchema & { readonly length?: never } & object;

/** A TypeBox schema, compiled once. */
export interface SchemaCheck<Type> {
  check(value: unknown): value is Type;
  /** Every fault with its path, up to fifty; empty for a value that passes. */
  faults(value: unknown): Fault[];
}

const maxFaults = 50;
const maxPathLength = 200;

export function compileSchema<Type extends TSchema>(schema: Type): SchemaCheck<Static<Type>> {
  const validator = Compile(schema);
  return {
    check(value): value is Static<Type> {
      return withinStack(() => validator.Check(value), false);
    },
    faults(value) {
      return withinStack(() => {
        const errors = withMaxErrors(() => validator.Errors(value));
        return errors.map((error) => ({ path: shortened(error.instancePath), message: messageOf(error) }));
      }, tooDeep);
    },
  };
}

const tooDeep: Fault[] = [{ path: '', message: 'is nested too deeply' }];

/** A recursive schema walks as deep as the value goes: a value that is too deep fails its check and nothing else. */
function withinStack<Result>(walk: () => Result, otherwise: Result): Result {
  try {
    return walk();
  } catch (error) {
    if (error instanceof RangeError) return otherwise;
    throw error;
  }
}

/** TypeBox stops at eight unless its settings say otherwise, which all of the process shares. */
function withMaxErrors<Result>(work: () => Result): Result {
  const { maxErrors } = Settings.Get();
  Settings.Set({ maxErrors: maxFaults });
  try {
    return work();
  } finally {
    Settings.Set({ maxErrors });
  }
}

/** What the schema allows is no secret; TypeBox does not name it. */
function messageOf({ keyword, params, message }: TLocalizedValidationError): string {
  if (keyword === 'const') return `must be ${String(params.allowedValue)}`;
  return keyword === 'enum' ? `must be one of ${params.allowedValues.map(String).join(', ')}` : message;
}

/** A path is made of the value's own keys, which can be as long as the value. */
function shortened(path: string): string {
  return path.length > maxPathLength ? `${path.slice(0, maxPathLength)}…` : path;
}
