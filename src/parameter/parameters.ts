import type { TOptional } from 'typebox';
import type { TargetType, ValueOf } from '../schema/target-type.ts';
import type { ParameterConverter } from './parameter-converter.ts';
import type { References, ServiceName, VariableOf } from './references.ts';

// biome-ignore lint/suspicious/noExplicitAny: a converter of any argument; `unknown` would refuse inference
type AnyConverter = ParameterConverter<any>;

/** The converters of a handler's arguments: by position, or by name for a handler that takes one object. */
export type Parameters = readonly AnyConverter[] | Readonly<Record<string, AnyConverter>>;

/** What a converter without a name of its own stands for: what the parameter's key names. */
export interface NamedByKey<Kind extends 'reference' | 'configurationVariable'> {
  readonly namedByKey: Kind;
}

type ArgumentOf<Converter, Key> =
  Converter extends NamedByKey<'reference'>
    ? ServiceOf<Key>
    : Converter extends NamedByKey<'configurationVariable'>
      ? VariableOf<Key>
      : Converter extends ParameterConverter<infer Argument>
        ? Argument
        : never;

type ServiceOf<Key> = Key extends ServiceName ? Awaited<References[Key]> : never;

/** The arguments that a handler with these converters is called with. */
export type ArgumentsOf<P extends Parameters> = P extends readonly AnyConverter[]
  ? { -readonly [Index in keyof P]: ArgumentOf<P[Index], Index> }
  : [{ -readonly [Key in keyof P]: ArgumentOf<P[Key], Key> }];

/** Refuses, with a sentence in place of a type, what is named by a key that names nothing. */
export type Checked<P extends Parameters> = { readonly [Key in keyof P]: CheckedConverter<P[Key], Key> };

type CheckedConverter<Converter, Key> =
  Converter extends NamedByKey<'reference'>
    ? Key extends ServiceName
      ? unknown
      : `No service '${Key & string}' in References; name one, or declare it`
    : unknown;

/** What arrives where a value of a type may be missing. */
export type Arriving<Type extends TargetType> = Type extends TOptional ? ValueOf<Type> | undefined : ValueOf<Type>;
