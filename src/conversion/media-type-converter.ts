import type { FormatTraits } from '../schema/coercion-context.ts';
import type { MediaType } from './media-type.ts';

/**
 * Converts a payload from one media type to another. A payload of the media type `application/x-js` is a JavaScript
 * value; of every other media type it is bytes.
 */
export interface MediaTypeConverter extends FormatTraits {
  /** The name in errors that list the registered converters. */
  readonly name: string;
  /** Returns whether this converter converts from the one media type to the other. */
  matches(source: MediaType, target: MediaType): boolean;
  /**
   * Synchronous.
   *
   * @throws LittoralError `malformed-body` when the payload is not what its media type says, `not-convertible` when the
   * target cannot express it
   */
  convert(payload: unknown, source: MediaType, target: MediaType): unknown;
  /** A field of type converters, by which TypeScript distinguishes the two. */
  readonly from?: undefined;
}
