import { isLittoralError, LittoralError } from '../errors.ts';
import { type Class, nameOfClass } from '../schema/class.ts';
import type { CoercionContext } from '../schema/coercion-context.ts';
import { compileSource, compileType, schemaOf } from '../schema/compiled-type.ts';
import { describeType } from '../schema/describe-type.ts';
import type { ConvertingNode, NodeScope, RegisteredConversions } from '../schema/node-scope.ts';
import { rootDefinitions } from '../schema/root-definitions.ts';
import { classOfType, isSameType, type TargetType } from '../schema/target-type.ts';
import { assertNotPromise } from './assert-not-promise.ts';
import { apply, type Conversion, convertBy, explainConversion, failed } from './run-conversion.ts';
import { describeTypeConverter, type TypeConverter } from './type-converter.ts';

/** The registered type converters. */
export class TypeConversions implements RegisteredConversions {
  readonly #converters: readonly TypeConverter[];
  readonly #compiled = new Map<TypeConverter, Conversion>();
  /** The nearest converter from the class of an instance or from one of its base classes. */
  readonly #plain = new WeakMap<object, TypeConverter | typeof failed>();
  readonly #fromClasses: readonly TypeConverter[];

  /** @param converters in the order in which they are asked */
  constructor(converters: readonly TypeConverter[]) {
    this.#converters = converters;
    this.#fromClasses = converters.filter(({ from, to }) => classOfType(from) && !classOfType(to));
  }

  /** Lists the converters, for errors. */
  describe(): string {
    return this.#converters.map(describeTypeConverter).join(', ');
  }

  sourcesOf(type: TargetType): readonly TargetType[] {
    return this.#convertersTo(type).map(({ from }) => from);
  }

  nodeTo(type: TargetType): ConvertingNode | undefined {
    const converters = this.#convertersTo(type);
    if (converters.length === 0) return undefined;
    const target = classOfType(type);
    const isMade = (value: unknown) => target !== undefined && value instanceof target;
    let compiled: readonly Conversion[] | undefined;
    // The first value compiles this, because a class can be made of an object that holds another of its instances.
    const conversions = () => (compiled ??= converters.map((converter) => this.#compile(converter)));
    return {
      coerce: (value, context) => (isMade(value) ? value : convertBy(conversions(), value, context)),
      explain: (value, search) => !isMade(value) && explainConversion(conversions(), type, value, search),
    };
  }

  hasPlain(value: object): boolean {
    return this.#plainConverterOf(value) !== undefined;
  }

  /** Returns the converter that turns instances of that value's class into a plain value. */
  plainBy(value: object): TypeConverter | undefined {
    return this.#plainConverterOf(value);
  }

  toPlain(value: object, context: CoercionContext): unknown {
    const converter = this.#plainConverterOf(value);
    if (converter === undefined) return value;
    const result = apply(this.#compile(converter), value, context);
    return result === failed ? value : result;
  }

  /**
   * Converts an instance to a plain value, to send it.
   *
   * @throws LittoralError `not-convertible`, or a LittoralError of the converter
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
    assertNotPromise(result, () => `The type converter from ${describeTypeConverter(converter)}`);
    if (!to.check(result))
      throw notConvertible(converter, `returned something that is not ${describeType(converter.to)}`);
    return result;
  }

  #convertersTo(type: TargetType): TypeConverter[] {
    return this.#converters.filter(({ to }) => isSameType(to, type));
  }

  #compile(converter: TypeConverter): Conversion {
    const known = this.#compiled.get(converter);
    if (known) return known;
    const { from, to } = converter;
    const scopeOf = (type: TargetType): NodeScope => {
      return { definitions: rootDefinitions(schemaOf(type)), references: new Map(), conversions: this };
    };
    const conversion = { converter, from: compileSource(from, scopeOf(from)), to: compileType(to, scopeOf(to)) };
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

function notConvertible(converter: TypeConverter, what: string, cause?: unknown): LittoralError {
  const from = classOfType(converter.from);
  return new LittoralError(
    'not-convertible',
    `${from ? nameOfClass(from) : 'The value'} cannot be sent: the type converter from ${describeTypeConverter(converter)} ${what}.`,
    cause === undefined ? {} : { cause },
  );
}
