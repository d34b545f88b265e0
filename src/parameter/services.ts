import { LittoralError } from '../errors.ts';

/** The services of one call of a handler. */
export interface Services {
  /**
   * @param name a name of the directory
   * @returns the service, or a promise of one whose factory is asynchronous
   * @throws LittoralError `cannot-resolve` when it, or something that it needs, is not registered; else what its factory
   * throws
   */
  resolve(name: string): unknown;
}

/** The names of all services, which are known at start, so that a wrong name is found then. */
export interface ServiceDirectory {
  has(name: string): boolean;
  readonly names: readonly string[];
}

/** Returns the error text for an unknown service, with the names that exist. */
export function noSuchService(name: string, { names }: ServiceDirectory): string {
  return `there is no service '${name}'. Registered: ${names.join(', ') || 'none'}`;
}

/** The services outside of a call: none. */
export const noServices: Services = {
  resolve(name) {
    throw new LittoralError('cannot-resolve', `The service '${name}' can only be had while a message is handled.`);
  },
};
