import { type Issue, LittoralError } from '../errors.ts';
import type { FormatTraits } from '../schema/coercion-context.ts';
import type { XmlLists } from '../schema/list-entries.ts';
import { phpArrays } from '../schema/php-arrays.ts';
import type { TargetType, ValueOf } from '../schema/target-type.ts';
import { settleUntyped, type UntypedLargeIntegers } from '../schema/untyped-integers.ts';
import { assertNotPromise } from './assert-not-promise.ts';
import { compileTarget } from './compile-target.ts';
import type { ConversionHints, ConversionTarget } from './conversion-target.ts';
import { type DateFractions, dateToText, textToDate } from './date-converter.ts';
import { formConverter } from './form/form-converter.ts';
import { decodeParsed, jsonConverter, type ParsedJson } from './json/json-converter.ts';
import { isBytes, isJson, isValue, type MediaType, parseMediaType, valueMediaType } from './media-type.ts';
import type { MediaTypeConverter } from './media-type-converter.ts';
import { octetStreamConverter } from './octet-stream-converter.ts';
import { phpSerializedConverter } from './php/php-serialized-converter.ts';
import { textConverter } from './text-converter.ts';
import { toPlain } from './to-plain.ts';
import { TypeConversions } from './type-conversions.ts';
import { isTypeConverter, type TypeConverter } from './type-converter.ts';
import { xmlConverter } from './xml/xml-converter.ts';

/** Settings of a conversion service, apart from its converters. */
export interface ConversionSettings {
  /** The treatment of a `Date`'s milliseconds, unless a type converter writes it. Default: `cut`. */
  readonly dateFractions?: DateFractions | undefined;
  /** The form in which lists are written in XML; they are read in both forms. Default: `entry`. */
  readonly xmlLists?: XmlLists | undefined;
  /** The largest payload that is decoded, in bytes. Default: any. */
  readonly maxDecodedBytes?: number | undefined;
  /** The treatment of an integer beyond 2^53 whose type is not declared. Default: `refuse`. */
  readonly untypedLargeIntegers?: UntypedLargeIntegers | undefined;
}

/**
 * Converts payloads from one media type to another, and values to a type, by the registered converters.
 */
export class ConversionService {
  readonly #builtIn: ReadonlySet<MediaTypeConverter>;
  readonly #converters: readonly MediaTypeConverter[];
  readonly #conversions: TypeConversions;
  readonly #types: Readonly<Record<string, TargetType>>;
  readonly #dateToText: TypeConverter;
  readonly #maxDecodedBytes: number;
  readonly #untypedLargeIntegers: UntypedLargeIntegers;

  /**
   * @param converters asked before the built-in ones: JSON, text, form, XML, PHP serialisation and octet-stream, and
   * date-times to `Date` and back
   * @param types the types that the header `__TypeId__` may name, such as a PHP class
   */
  constructor(
    converters: readonly (MediaTypeConverter | TypeConverter)[] = [],
    types: Readonly<Record<string, TargetType>> = {},
    {
      dateFractions = 'cut',
      xmlLists = 'entry',
      maxDecodedBytes = Number.POSITIVE_INFINITY,
      untypedLargeIntegers = 'refuse',
    }: ConversionSettings = {},
  ) {
    const builtIn = [
      jsonConverter,
      textConverter,
      formConverter,
      xmlConverter(xmlLists),
      phpSerializedConverter,
      octetStreamConverter,
    ];
    this.#builtIn = new Set(builtIn);
    this.#converters = [...converters.filter((one): one is MediaTypeConverter => !isTypeConverter(one)), ...builtIn];
    this.#dateToText = dateToText(dateFractions);
    const typeConverters = [...converters.filter(isTypeConverter), textToDate, this.#dateToText];
    this.#conversions = new TypeConversions(typeConverters);
    this.#types = types;
    this.#maxDecodedBytes = maxDecodedBytes;
    this.#untypedLargeIntegers = untypedLargeIntegers;
  }

  /**
   * @param payload a JavaScript value when the source is `application/x-js`, else bytes. Instances in a value become
   * the results of the type converters from their classes; the value itself is not changed
   * @throws LittoralError `unsupported-media-type` if neither one converter nor two of them, by way of a value, lead
   * from the source to the target; `body-too-large` if the payload would have to be decoded and is larger than
   * `maxDecodedBytes`; else the error of the converter
   */
  convert(payload: unknown, source: MediaType, target: MediaType): unknown {
    if (source.text === target.text) return payload;
    const direct = this.#find(source, target);
    if (direct) {
      const value = isValue(source) ? toPlain(payload, this.#conversions, cannotWrite(target)) : payload;
      return isValue(target) ? this.#decode(direct, value, source) : run(direct, value, source, target);
    }
    const decoder = isValue(source) ? undefined : this.#find(source, valueMediaType);
    const encoder = this.#find(valueMediaType, target);
    if (decoder && encoder) {
      const value = this.#decode(decoder, payload, source);
      // The data from a built-in decoder contains no class instances, and a search in a large value takes long.
      const plain = this.#builtIn.has(decoder) ? value : toPlain(value, this.#conversions, cannotWrite(target));
      return run(encoder, plain, valueMediaType, target);
    }
    throw this.#noConverter(source, target);
  }

  /**
   * Converts a value to that of a message header. The type converter from its class converts an instance. A `Date`
   * becomes JSON text, quotes included, because PHP writes dates so, and reads no others.
   *
   * @throws LittoralError `not-convertible` when a converter fails, or the value cannot be read
   */
  headerValue(value: unknown): unknown {
    const plain = toPlain(value, this.#conversions, 'its value cannot be written');
    if (typeof value !== 'object' || value === null || typeof plain !== 'string') return plain;
    // A text from a user's converter is the value itself. An object with `toJSON`, such as a date, has quotes in its
    // JSON.
    const writer = this.#conversions.plainBy(value);
    return writer === undefined || writer === this.#dateToText ? JSON.stringify(plain) : plain;
  }

  /**
   * Decodes a payload by its content type. Bytes whose content type nothing can decode stay bytes.
   *
   * @param contentType the message's content type, or any other value in its place
   * @param parsed the payload as it was parsed before; its value then belongs to the caller
   * @throws LittoralError `body-too-large`, and what the converter throws
   */
  decode(payload: unknown, contentType: unknown, parsed?: ParsedJson): unknown {
    if (!(payload instanceof Uint8Array)) return payload;
    const source = mediaTypeOf(contentType);
    const decoder = source && this.#find(source, valueMediaType);
    return source && decoder ? this.#decode(decoder, payload, source, parsed) : payload;
  }

  /** Returns whether `decode` makes new plain data of a payload: the decoder is one of littoral's own. */
  decodesToPlainData(contentType: unknown): boolean {
    const decoder = this.#decoderOf(contentType);
    return decoder !== undefined && this.#builtIn.has(decoder);
  }

  /** Returns whether `decode` has a converter for a content type. */
  canDecode(contentType: unknown): boolean {
    return this.#decoderOf(contentType) !== undefined;
  }

  /**
   * Compiles the target type of a parameter, once, at start.
   *
   * @throws TypeError with the issue of the type, as a clause that follows its place: neither a schema nor a class, an
   * unknown format, a class without a converter to it, a codec, or a schema that cannot be compiled
   */
  compileTarget<T extends TargetType>(type: T): ConversionTarget<ValueOf<T>> {
    const traitsOf = (hints: ConversionHints) => this.#traitsOf(hints);
    return compileTarget(type, this.#conversions, this.#types, traitsOf, this.#untypedLargeIntegers);
  }

  /**
   * Applies the setting `untypedLargeIntegers` to a value without a type.
   *
   * @param value a decoded value, or one that was made of it
   * @param refuse makes the error out of all issues
   */
  settleUntyped(value: unknown, refuse: (issues: readonly Issue[]) => Error): unknown {
    return settleUntyped(value, this.#untypedLargeIntegers, undefined, refuse);
  }

  /** Lists the registered media type converters, for error messages. */
  describe(): string {
    return this.#converters.map(({ name }) => name).join(', ');
  }

  #traitsOf({ contentType, fromPhp }: ConversionHints): FormatTraits {
    const source = mediaTypeOf(contentType);
    if (fromPhp && (source === undefined || isJson(source))) return phpArrays;
    return this.#decoderOf(contentType) ?? {};
  }

  #decoderOf(contentType: unknown): MediaTypeConverter | undefined {
    const source = mediaTypeOf(contentType);
    return source && this.#find(source, valueMediaType);
  }

  #decode(decoder: MediaTypeConverter, payload: unknown, source: MediaType, parsed?: ParsedJson): unknown {
    // Bytes that stay bytes are not decoded.
    if (payload instanceof Uint8Array && payload.byteLength > this.#maxDecodedBytes && !isBytes(source)) {
      throw new LittoralError(
        'body-too-large',
        `The payload of type ${source.text} has ${payload.byteLength} bytes; no more than ${this.#maxDecodedBytes} are decoded (maxDecodedBytes).`,
      );
    }
    if (parsed !== undefined && decoder === jsonConverter) return decodeParsed(parsed, source);
    return run(decoder, payload, source, valueMediaType);
  }

  #find(source: MediaType, target: MediaType): MediaTypeConverter | undefined {
    return this.#converters.find((converter) => converter.matches(source, target));
  }

  #noConverter(source: MediaType, target: MediaType): LittoralError {
    return new LittoralError(
      'unsupported-media-type',
      `No converter from ${source.text} to ${target.text}. Registered: ${this.describe()}.`,
    );
  }
}

function mediaTypeOf(contentType: unknown): MediaType | undefined {
  return typeof contentType === 'string' ? parseMediaType(contentType) : undefined;
}

function cannotWrite({ text }: MediaType): string {
  return `The payload cannot be written as ${text}`;
}

function run(converter: MediaTypeConverter, payload: unknown, source: MediaType, target: MediaType): unknown {
  const converted = converter.convert(payload, source, target);
  assertNotPromise(
    converted,
    () => `The media type converter '${converter.name}' from ${source.text} to ${target.text}`,
  );
  return converted;
}
