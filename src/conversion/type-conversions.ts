import { type Fault, isLittoralError, LittoralError } from '../errors.ts';
import { type Class, nameOfClass } from './class.ts';
import type { Coerce, CoercionRun } from './coercion-run.ts';
import type { RegisteredConversions } from './coercion-scope.ts';
import { type CompiledType, compileType } from './compiled-type.ts';
import { describeType } from './describe-type.ts';
import { refusePromise } from './refuse-promise.ts';
import { classOfType, isSameType, type TargetType } from './target-type.ts';
import { describeTypeConverter, type TypeConverter } from './type-converter.ts';

/** A type converter with its two ends compiled. */
interface Conversion {
  readonly converter: TypeConverter;
  readonly from: CompiledType;
  readonly to: CompiledType;
}

const failed = Symbol('failed');

/** The type converters that are registered. */
export class TypeConversions implements RegisteredConversions {
  readonly #converters: readonly TypeConverter[];
  readonly #compiled = new Map<TypeConverter, Conversion>();
  /** By the class of the instance, the nearest converter from it or a class that it inherits from. */
  readonly #plain = new WeakMap<object, TypeConverter | typeof failed>();
  readonly #fromClasses: readonly TypeConverter[];

  /** @param converters in the order in which they are asked */
  constructor(converters: readonly TypeConverter[]) {
    this.#converters = converters;
    this.#fromClasses = converters.filter(({ from, to }) => classOfType(from) && !classOfType(to));
  }

  /** Named in errors. */
  describe(): string {
    return this.#converters.map(describeTypeConverter).join(', ');
  }

  sourcesOf(type: TargetType): readonly TargetType[] {
    return this.#convertersTo(type).map(({ from }) => from);
  }

  coercerTo(type: TargetType): Coerce | undefined {
    const converters = this.#convertersTo(type);
    const target = classOfType(type);
    if (converters.length === 0) return undefined;
    return (value, run) => {
      if (target && value instanceof target) return value;
      // Not before the first value: a class can be made of an object that holds another of it.
      const conversions = converters.map((converter) => this.#compile(converter));
      return convertBy(conversions, type, value, run);
    };
  }

  hasPlain(value: object): boolean {
    return this.#plainConverterOf(value) !== undefined;
  }

  toPlain(value: object, run: CoercionRun): unknown {
    const converter = this.#plainConverterOf(value);
    if (converter === undefined) return value;
    const result = apply(this.#compile(converter), value, run);
    return result === failed ? value : result;
  }

  /**
   * Makes something plain of an instance, to be sent.
   *
   * @throws LittoralError `not-convertible`, or what the converter throws of that kind
   */
  write(value: object): unknown {
    const converter = this.#plainConverterOf(value);
    if (converter === undefined) return value;
    const { to } = this.#compile(converter);
    let result: unknown;
    try {
      result = converter.convert(value);
    } catch (cause) {
      if (isLittoralError(cause)) throw cause;
      throw notConvertible(converter, 'threw', cause);
    }
    refusePromise(result, `The type converter from ${describeTypeConverter(converter)}`);
    if (!to.check(result)) throw notConvertible(converter, `made something else than ${describeType(converter.to)}`);
    return result;
  }

  #convertersTo(type: TargetType): TypeConverter[] {
    return this.#converters.filter(({ to }) => isSameType(to, type));
  }

  #compile(converter: TypeConverter): Conversion {
    const known = this.#compiled.get(converter);
    if (known) return known;
    const scope = { definitions: {}, references: new Map(), conversions: this };
    const { from, to } = converter;
    const conversion = { converter, from: compileType(from, scope), to: compileType(to, scope) };
    this.#compiled.set(converter, conversion);
    return conversion;
  }

  #plainConverterOf(value: object): TypeConverter | undefined {
    if (this.#fromClasses.length === 0) return undefined;
    const prototype: object | null = Object.getPrototypeOf(value);
    if (prototype === null || prototype === Object.prototype || prototype === Array.prototype) return undefined;
    const known = this.#plain.get(prototype) ?? this.#findPlain(prototype) ?? failed;
    this.#plain.set(prototype, known);
    return known === failed ? undefined : known;
  }

  #findPlain(prototype: object): TypeConverter | undefined {
    for (let at: object | null = prototype; at !== null; at = Object.getPrototypeOf(at)) {
      const found = this.#fromClasses.find(({ from }) => (classOfType(from) as Class).prototype === at);
      if (found) return found;
    }
    return undefined;
  }
}

/** The first converter that takes the value as it is, or else the first that takes it once it was coerced. */
function convertBy(conversions: readonly Conversion[], type: TargetType, value: unknown, run: CoercionRun): unknown {
  let conversion = conversions.find(({ from }) => from.check(value));
  let taken = value;
  if (conversion === undefined) {
    for (const candidate of conversions) {
      taken = run.attempt(candidate.from.coerce, value);
      if (!Object.is(taken, value) && candidate.from.check(taken)) {
        conversion = candidate;
        break;
      }
    }
  }
  if (conversion === undefined) {
    if (run.explains) explainUntaken(conversions, type, value, run);
    return value;
  }
  const result = apply(conversion, taken, run);
  return result === failed ? value : result;
}

function apply({ converter, to }: Conversion, value: unknown, run: CoercionRun): unknown {
  const name = describeTypeConverter(converter);
  try {
    const result = converter.convert(value);
    refusePromise(result, `The type converter from ${name}`);
    const target = classOfType(converter.to);
    if (target ? result instanceof target : to.check(result)) return result;
    if (run.explains)
      run.explain([here(`could not be converted: the type converter from ${name} made something else`)]);
  } catch (error) {
    if (isLittoralError(error)) run.refusal ??= error;
    else run.cause ??= error;
    if (run.explains) run.explain([here(`could not be converted: the type converter from ${name} threw`)]);
  }
  return failed;
}

/** With one converter, what is wrong with the value that it would be made of; with several, what they are made of. */
function explainUntaken(conversions: readonly Conversion[], type: TargetType, value: unknown, run: CoercionRun): void {
  const [only] = conversions;
  const name = describeType(type);
  if (conversions.length > 1 || only === undefined) {
    const sources = conversions.map(({ converter }) => describeType(converter.from));
    if (classOfType(type))
      run.explain([here(`must be ${name}, or what one is made of: ${[...new Set(sources)].join(' or ')}`)]);
    return;
  }
  const coerced = run.attempt(only.from.coerce, value);
  const faults = only.from.faults(coerced);
  if (!classOfType(type)) return;
  run.explain(faults.map((fault) => (fault.path === '' ? here(`${fault.message}, to become ${name}`) : fault)));
  only.from.coerce(coerced, run);
}

function here(message: string): Fault {
  return { path: '', message };
}

function notConvertible(converter: TypeConverter, what: string, cause?: unknown): LittoralError {
  const from = classOfType(converter.from);
  return new LittoralError(
    'not-convertible',
    `${from ? nameOfClass(from) : 'The value'} cannot be sent: the type converter from ${describeTypeConverter(converter)} ${what}.`,
    cause === undefined ? {} : { cause },
  );
}
