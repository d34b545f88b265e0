import Type, { type Static } from 'typebox';
import type { DateFractions } from '../conversion/date-converter.ts';
import type { MediaTypeConverter } from '../conversion/media-type-converter.ts';
import { isSendableMediaType } from '../conversion/sendable-media-type.ts';
import type { TypeConverter } from '../conversion/type-converter.ts';
import { validateConverter, validateType } from '../conversion/validate-type.ts';
import { isRecord } from '../schema/is-record.ts';
import type { XmlLists } from '../schema/list-entries.ts';
import type { TargetType } from '../schema/target-type.ts';
import type { UntypedLargeIntegers } from '../schema/untyped-integers.ts';
import type { SameSettings } from './setting-types.ts';

/** The settings of payloads: their types, their media types, and what may be decoded. They have no section. */
export interface ConversionConfig {
  /** Media type converters and type converters, asked in this order, before the built-in ones. Default: none. */
  converters?: readonly (MediaTypeConverter | TypeConverter)[] | undefined;
  /**
   * The types that the header `__TypeId__` may name, each a schema or a class:
   * `{ 'App\\Billing\\PlaceOrder': PlaceOrder }`. The header chooses among the branches of a union that has no
   * discriminator. Default: none.
   */
  types?: Readonly<Record<string, TargetType>> | undefined;
  /**
   * The largest payload, in bytes, that is decoded for a handler or to be converted. Decoding blocks the process, so a
   * larger one is a dead letter at once, or refused over HTTP (413). Bytes that a handler takes as bytes, and messages
   * that are only forwarded, are not decoded. Default: 4 MiB, or `http.bodyLimit` where that is more.
   */
  maxDecodedBytes?: number | undefined;
  /** The media type that `convertAnd…` sends if the caller names none. Default: `application/json`. */
  defaultSerializationMediaType?: string | undefined;
  /**
   * Allows sending `application/x-php-serialized` and similar media types, for HTTP callers too. PHP services call
   * `unserialize` on it, so that a sender can create objects of any class there. Default: false. Reading is always
   * allowed.
   */
  allowPhpSerialized?: boolean | undefined;
  /**
   * The form in which lists are written in XML: `entry`, which PHP's JMS reads,
   * `<tags><entry>a</entry><entry>b</entry></tags>`, or `repeated`, `<tags>a</tags><tags>b</tags>`. Both are read.
   * Default: `entry`.
   */
  xmlLists?: XmlLists | undefined;
  /**
   * The treatment of the milliseconds of a `Date` that is sent. `cut` drops them, because Ecotone's JMS converter reads
   * `2026-12-01T09:00:00+00:00` and no fraction; `keep` writes those that are not zero. Default: `cut`.
   */
  dateFractions?: DateFractions | undefined;
  /**
   * The treatment of an integer beyond 2^53 in a payload, where no type is declared for it: `refuse` refuses the
   * message, `bigint` and `text` give the handler the integer in that form. Default: `refuse`.
   */
  untypedLargeIntegers?: UntypedLargeIntegers | undefined;
}

/** The schema of these settings, as far as a schema can express it. */
export const ConversionSchema = Type.Object({
  converters: Type.Optional(Type.Array(Type.Unknown())),
  types: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  maxDecodedBytes: Type.Optional(Type.Integer({ minimum: 1 })),
  defaultSerializationMediaType: Type.Optional(Type.String()),
  allowPhpSerialized: Type.Optional(Type.Boolean()),
  xmlLists: Type.Optional(Type.Enum(['entry', 'repeated'])),
  dateFractions: Type.Optional(Type.Enum(['cut', 'keep'])),
  untypedLargeIntegers: Type.Optional(Type.Enum(['refuse', 'bigint', 'text'])),
});

true satisfies SameSettings<ConversionConfig, Static<typeof ConversionSchema>>;

/** Validates what the schema cannot express: the media type, the converters and the types. */
export function validateConversion(settings: ConversionConfig): string[] {
  const { defaultSerializationMediaType: mediaType, converters, types } = settings;
  const issues: string[] = [];
  if (typeof mediaType === 'string' && !isSendableMediaType(mediaType)) {
    issues.push('defaultSerializationMediaType: is not a media type to send, such as application/json');
  }
  if (Array.isArray(converters)) issues.push(...validateConverters(converters));
  if (isRecord(types)) issues.push(...validateTypes(types));
  return issues;
}

function validateConverters(converters: readonly unknown[]): string[] {
  return converters.flatMap((converter, index) => {
    const issue = validateConverter(converter);
    return issue ? [`converters.${index}: ${issue}`] : [];
  });
}

function validateTypes(types: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(types).flatMap(([name, type]) => {
    const issue = validateType(type);
    return issue ? [`types.${name}: ${issue}`] : [];
  });
}
