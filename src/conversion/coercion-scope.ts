import type { Coerce } from './coercion-run.ts';
import type { Definitions } from './schema-keywords.ts';
import type { TargetType } from './target-type.ts';

/** What a schema is compiled with: what it refers to, and the type converters. */
export interface CoercionScope {
  /** The schemas that a `$ref` names. */
  readonly definitions: Definitions;
  /** What was compiled of these so far. */
  readonly references: Map<string, Coerce>;
  readonly conversions: RegisteredConversions;
}

/** The type converters, as the coercers of schemas use them. */
export interface RegisteredConversions {
  /** Makes a value of that type by its converters, or returns what it was given. Undefined when there are none. */
  coercerTo(type: TargetType): Coerce | undefined;
  /** What the converters to that type take; empty when there are none. */
  sourcesOf(type: TargetType): readonly TargetType[];
  /** Whether a converter turns instances of that value's class into something plain. */
  hasPlain(value: object): boolean;
  /** That something, or the value itself when its converter fails. */
  toPlain(value: object, run: Parameters<Coerce>[1]): unknown;
}
