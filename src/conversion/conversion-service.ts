import { LittoralError } from '../errors.ts';
import { formConverter } from './form-converter.ts';
import { jsonConverter } from './json-converter.ts';
import { isValue, type MediaType, parseMediaType, valueMediaType } from './media-type.ts';
import type { MediaTypeConverter } from './media-type-converter.ts';
import { octetStreamConverter } from './octet-stream-converter.ts';
import { textConverter } from './text-converter.ts';
import { xmlConverter } from './xml-converter.ts';

const builtIn = [jsonConverter, textConverter, formConverter, xmlConverter, octetStreamConverter];

/** Turns payloads from one media type into another by the converters that are registered. */
export class ConversionService {
  readonly #converters: readonly MediaTypeConverter[];

  /** @param converters asked before the built-in ones: JSON, text, form, XML and octet-stream */
  constructor(converters: readonly MediaTypeConverter[] = []) {
    this.#converters = [...converters, ...builtIn];
  }

  /**
   * @param payload a JavaScript value when the source is `application/x-js`, else bytes
   * @throws LittoralError `unsupported-media-type` when no converter, nor two of them by way of a value, lead from the
   * source to the target; else what the converter throws
   */
  convert(payload: unknown, source: MediaType, target: MediaType): unknown {
    if (source.text === target.text) return payload;
    const direct = this.#find(source, target);
    if (direct) return direct.convert(payload, source, target);
    const decoder = isValue(source) ? undefined : this.#find(source, valueMediaType);
    const encoder = this.#find(valueMediaType, target);
    if (decoder && encoder) {
      const value = decoder.convert(payload, source, valueMediaType);
      return encoder.convert(value, valueMediaType, target);
    }
    throw this.#noConverter(source, target);
  }

  /**
   * Decodes a payload by its content type. Bytes whose content type nothing can decode stay bytes.
   *
   * @param contentType the message's content type, or anything else that stood in its place
   */
  decode(payload: unknown, contentType: unknown): unknown {
    if (!(payload instanceof Uint8Array)) return payload;
    const source = typeof contentType === 'string' ? parseMediaType(contentType) : undefined;
    const decoder = source && this.#find(source, valueMediaType);
    return source && decoder ? decoder.convert(payload, source, valueMediaType) : payload;
  }

  /** Whether `decode` has a converter for that content type. */
  canDecode(contentType: unknown): boolean {
    const source = typeof contentType === 'string' ? parseMediaType(contentType) : undefined;
    return source !== undefined && this.#find(source, valueMediaType) !== undefined;
  }

  /** What is registered, for error messages. */
  describe(): string {
    return this.#converters.map(({ name }) => name).join(', ');
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
