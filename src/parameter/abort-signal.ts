import { type ParameterConverter, parameterConverter } from './parameter-converter.ts';

/**
 * A signal that is aborted when the gateway must stop, or when the handler has run out of time. A handler that passes
 * it to its own calls ends early, and its message is handled again.
 */
export function abortSignal(): ParameterConverter<AbortSignal> {
  return parameterConverter(
    'abort signal',
    () =>
      ({ signal }) =>
        signal,
  );
}
