import { ConversionService } from '../../src/conversion/conversion-service.ts';
import type { ConversionHints } from '../../src/conversion/conversion-target.ts';
import type { TypeConverter } from '../../src/conversion/type-converter.ts';
import type { Issue } from '../../src/errors.ts';
import type { TargetType, ValueOf } from '../../src/schema/target-type.ts';

export interface Circumstances extends ConversionHints {
  readonly converters?: readonly TypeConverter[];
  readonly types?: Readonly<Record<string, TargetType>>;
}

/** What a conversion is refused with here. */
export class Refused extends Error {
  readonly issues: readonly Issue[];

  constructor(issues: readonly Issue[]) {
    super(issues.map(({ path, message }) => `${path} ${message}`).join('; '));
    this.issues = issues;
  }
}

export function refuse(issues: readonly Issue[]): Error {
  return new Refused(issues);
}

export function convertTo<T extends TargetType>(type: T, value: unknown, given: Circumstances = {}): ValueOf<T> {
  const { converters, types, ...hints } = given;
  return new ConversionService(converters, types).compileTarget(type).convert(value, hints, refuse);
}

/** Why a value is refused. Fails the test when it is not. */
export function refusal(type: TargetType, value: unknown, given: Circumstances = {}): Refused {
  try {
    convertTo(type, value, given);
  } catch (error) {
    if (error instanceof Refused) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

/** The issues that a value is refused with, each as its path and message in one line. */
export function issues(type: TargetType, value: unknown, given: Circumstances = {}): string[] {
  return refusal(type, value, given).issues.map(({ path, message }) => `${path} ${message}`);
}
