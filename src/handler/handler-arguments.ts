import type { HandlerDefinition } from './handler-definition.ts';

/** Number of arguments from the default converters: the payload, the headers, the services. */
const defaultCount = 3;

/**
 * Returns an error text if a handler takes more arguments than it is called with: the rest would be undefined in every
 * call. Arguments with a default, and the rest of them (`...args`), are not counted by JavaScript, and may be missing.
 */
export function validateArguments({ handle, parameters }: HandlerDefinition): string | undefined {
  if (typeof handle !== 'function') return undefined;
  const { length } = handle;
  if (parameters === undefined) {
    if (length <= defaultCount) return undefined;
    return `its 'handle' takes ${length} arguments, and without 'parameters' it is called with ${defaultCount}: payload, headers, services. Say in 'parameters' what each of them is`;
  }
  if (Array.isArray(parameters)) {
    if (length <= parameters.length) return undefined;
    return `its 'handle' takes ${length} arguments, and its 'parameters' are ${parameters.length}. Add a converter for each, or take fewer`;
  }
  if (length <= 1) return undefined;
  return `its 'handle' takes ${length} arguments, and with 'parameters' by name it is called with one object of them. Take that: handle: ({ … }) => …`;
}
