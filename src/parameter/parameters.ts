import type { ParameterConverter } from './parameter-converter.ts';

// biome-ignore lint/suspicious/noExplicitAny: a converter of any argument; `unknown` would refuse inference
type AnyConverter = ParameterConverter<any>;

/** The converters of a handler's arguments: by position, or by name for a handler that takes one object. */
export type Parameters = readonly AnyConverter[] | Readonly<Record<string, AnyConverter>>;

type ArgumentOf<Converter> = Converter extends ParameterConverter<infer Argument> ? Argument : never;

/** The arguments that a handler with these converters is called with. */
export type ArgumentsOf<P extends Parameters> = P extends readonly AnyConverter[]
  ? { -readonly [Index in keyof P]: ArgumentOf<P[Index]> }
  : [{ -readonly [Name in keyof P]: ArgumentOf<P[Name]> }];
