import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Fault } from '../errors.ts';

/** A TypeBox schema, compiled once. */
export interface SchemaCheck<Type> {
  check(value: unknown): value is Type;
  /** Every fault with its path; empty for a value that passes. */
  faults(value: unknown): Fault[];
}

const maxFaults = 20;

export function compileSchema<Schema extends TSchema>(schema: Schema): SchemaCheck<Static<Schema>> {
  const validator = Compile(schema);
  return {
    check(value): value is Static<Schema> {
      return withinStack(() => validator.Check(value), false);
    },
    faults(value) {
      return withinStack(() => {
        const errors = validator.Errors(value).slice(0, maxFaults);
        return errors.map(({ instancePath, message }) => ({ path: instancePath, message }));
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
