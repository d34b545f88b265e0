import { LittoralError } from '../errors.ts';
import {
  cannotResolve,
  type ParameterConverter,
  type ParameterSite,
  parameterConverter,
} from './parameter-converter.ts';
import type { References } from './references.ts';
import { noSuchService, type Services } from './services.ts';

/**
 * All services of the container, each made when it is first read: the third argument of a handler without parameters.
 */
export function servicesObject(): ParameterConverter<References> {
  return parameterConverter(
    'services',
    (site) =>
      ({ services }) =>
        new Proxy({}, reader(services, site)) as References,
  );
}

function reader(services: Services, site: ParameterSite): ProxyHandler<object> {
  const refuse = () => {
    throw new TypeError(`The services of ${site.handler} cannot be changed; register them in the container.`);
  };
  return {
    get(_target, name) {
      // Code that prints the object, or awaits it, reads these properties.
      if (typeof name === 'symbol' || (name === 'then' && !site.services.has(name))) return undefined;
      if (site.services.has(name)) return services.resolve(name);
      throw new LittoralError('cannot-resolve', `${cannotResolve(site)}: ${noSuchService(name, site.services)}.`);
    },
    has: (_target, name) => typeof name === 'string' && site.services.has(name),
    ownKeys: () => [...site.services.names],
    getOwnPropertyDescriptor: (_target, name) =>
      typeof name === 'string' && site.services.has(name)
        ? { enumerable: true, configurable: true, value: services.resolve(name) }
        : undefined,
    set: refuse,
    defineProperty: refuse,
    deleteProperty: refuse,
  };
}
