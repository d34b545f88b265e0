import type { TOptional } from 'typebox';
import type { TargetType, ValueOf } from '../schema/target-type.ts';
import type { ParameterConverter } from './parameter-converter.ts';
import type { References, ServiceName, VariableOf } from './references.ts';

// biome-ignore lint/suspicious/noExplicitAny: a converter of any argument; `unknown` would refuse inference
type AnyConverter = ParameterConverter<any>;

/** The converters of a handler's arguments: by position, or by name for a handler that takes one object. */
export type Parameters = readonly AnyConverter[] | Readonly<Record<string, AnyConverter>>;

/** A converter without a name of its own, which refers to what the parameter's key names. */
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

/** The `parameters` as an author may have written them. `Checked` refuses each that is no converter, at its place. */
export type GivenParameters = readonly unknown[] | Readonly<Record<string, unknown>>;

/** The arguments that a handler with these converters is called with. */
export type ArgumentsOf<P extends GivenParameters> = P extends readonly unknown[]
  ? { -readonly [Index in keyof P]: ArgumentOf<P[Index], Index> }
  : [{ -readonly [Key in keyof P]: ArgumentOf<P[Key], Key> }];

/** Each name of a service. `ServiceNames[keyof ServiceNames]` has no alias, so an error of TypeScript lists the names. */
export type ServiceNames = { readonly [Name in ServiceName]: Name };

/** Replaces the type of each wrong parameter by a sentence: one that is no converter, or one whose key names nothing. */
export type Checked<P> = { readonly [Key in keyof P]: CheckedConverter<P[Key], Key> };

type CheckedConverter<Converter, Key> = Converter extends AnyConverter
  ? Converter extends NamedByKey<'reference'>
    ? Key extends ServiceName
      ? unknown
      : [`There is no service '${Key & string}' in References. There are:`, ServiceNames[keyof ServiceNames]]
    : unknown
  : 'This is no parameter converter. Write one, such as payload(…) or header(…)';

/** The argument for a value that may be missing. */
export type Arriving<Type extends TargetType> = ValueOf<Type> | (Type extends TOptional ? undefined : never);
