import { LittoralError } from '../errors.ts';
import { isPromiseLike } from '../promise/maybe-promise.ts';

/**
 * Refuses a promise as the result of a converter. It would be sent as an empty object, or as the text `[object
 * Promise]`.
 *
 * @param result what a converter returned
 * @param describeConverter returns the name of the converter for the error
 * @throws LittoralError `not-convertible`
 */
export function assertNotPromise(result: unknown, describeConverter: () => string): void {
  if (!isPromiseLike(result)) return;
  // An unhandled rejection would end the process.
  result.then(undefined, () => {});
  throw new LittoralError('not-convertible', `${describeConverter()} returned a promise; conversion is synchronous.`);
}
