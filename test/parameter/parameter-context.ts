import { ConversionService } from '../../src/conversion/conversion-service.ts';
import type { ParameterContext } from '../../src/parameter/parameter-converter.ts';
import type { ServiceDirectory, Services } from '../../src/parameter/services.ts';

/** What the converters of handlers draw on at start, with these services and variables and nothing else. */
export function parameterContext({
  conversion = new ConversionService(),
  services = directoryOf({}),
  variables = {},
}: Partial<ParameterContext> = {}): ParameterContext {
  return { conversion, services, variables };
}

/** The names of some services. */
export function directoryOf(services: Readonly<Record<string, unknown>>): ServiceDirectory {
  return { names: Object.keys(services), has: (name) => Object.hasOwn(services, name) };
}

/** Some services, by name. */
export function servicesOf(services: Readonly<Record<string, unknown>>): Services {
  return { resolve: (name) => services[name] };
}
