import type { Class, TargetType } from '../schema/target-type.ts';
import { describeValue } from '../text/describe-value.ts';
import { compileArgumentType } from './argument-type.ts';
import { assertOptions, isOptions } from './converter-options.ts';
import { describeParameter } from './describe-parameter.ts';
import { type Expression, prepareExpression, type ResultOf } from './expression.ts';
import { nameOrKey } from './named-by-key.ts';
import {
  cannotResolve,
  type ParameterConverter,
  type ParameterSite,
  parameterConverter,
  type ResolveArgument,
} from './parameter-converter.ts';
import type { Arriving, NamedByKey, ServiceNames } from './parameters.ts';
import type { References, ServiceName } from './references.ts';
import { noSuchService } from './services.ts';

export interface ReferenceOptions<Service = unknown> {
  /** Computes the argument with the `service`. */
  readonly expression: Expression<Service>;
  /** The type of the result. */
  readonly type?: TargetType;
}

// biome-ignore lint/suspicious/noExplicitAny: the key is not known here, so neither is its service
type Undeclared = any;

type ServiceOf<Named> = Named extends Class
  ? InstanceType<Named>
  : Named extends ServiceName
    ? Awaited<References[Named]>
    : never;

/** The argument that an expression with a service returns. */
type Computed<Options> = Options extends { readonly type: infer Type extends TargetType }
  ? Arriving<Type>
  : Options extends { readonly expression: infer E }
    ? ResultOf<E>
    : never;

/**
 * The service of the container that has the name of the parameter's key. It is created when a message needs it. A scoped
 * service lives as long as the handling of that message.
 *
 * @throws Error at start, when there is no such service
 */
export function reference(): ParameterConverter<unknown> & NamedByKey<'reference'>;
/**
 * A service of the container, or the result of an expression with it. It is created when a message needs it. A scoped
 * service lives as long as the handling of that message.
 *
 * @param serviceOrOptions its name in the container; a class stands for its own name in camelCase. Options without a
 * name: the service has the name of the parameter's key
 * @param options an expression with the `service`, and the type that its result is converted to
 * @throws Error at start, when there is no such service
 */
export function reference<
  const Named extends ServiceNames[keyof ServiceNames] | Class | ReferenceOptions<Undeclared>,
  const Options extends ReferenceOptions<ServiceOf<Named>> | undefined,
>(
  serviceOrOptions: Named,
  options?: Options,
): ParameterConverter<
  Named extends ReferenceOptions<Undeclared>
    ? Computed<Named>
    : undefined extends Options
      ? ServiceOf<Named>
      : Computed<Options>
>;
export function reference(service?: unknown, options?: ReferenceOptions): ParameterConverter {
  const alone = options === undefined && isOptions(service, ['expression', 'type']);
  const named = alone ? undefined : service;
  const all = (alone ? service : options) as ReferenceOptions | undefined;
  const converter = parameterConverter(describe(named, all), (site) => prepareReference(named, all, site));
  return named === undefined && all === undefined ? { ...converter, ...fromKey } : converter;
}

const fromKey: NamedByKey<'reference'> = { namedByKey: 'reference' };

function describe(named: unknown, options: ReferenceOptions | undefined): string {
  const name = nameOf(named);
  const source = typeof name === 'string' ? `reference ${name}` : 'reference';
  return describeParameter(source, options?.type, options?.expression);
}

function prepareReference(
  named: unknown,
  options: ReferenceOptions | undefined,
  site: ParameterSite,
): ResolveArgument<unknown> {
  const name = nameOrKey(nameOf(named), site, "reference('userService')");
  if (!site.services.has(name)) throw new TypeError(`${cannotResolve(site)}: ${noSuchService(name, site.services)}.`);
  if (options === undefined) return ({ services }) => services.resolve(name);
  assertOptions(options, ['expression', 'type'], site);
  if (options.expression === undefined) {
    throw new TypeError(`${cannotResolve(site)}: its options are ${describeValue(options)} without an 'expression'.`);
  }
  const type = options.type === undefined ? undefined : compileArgumentType(options.type, site);
  const evaluate = prepareExpression(options.expression, type, { parts: ['payload', 'headers', 'service'] }, site);
  return (invocation) => {
    const service = invocation.services.resolve(name);
    // An expression reads its parts as they are; a service whose factory is asynchronous is waited for.
    return service instanceof Promise
      ? service.then((made) => evaluate(invocation, { service: () => made }))
      : evaluate(invocation, { service: () => service });
  };
}

/** `UserService` is `userService`, `HTTPClient` is `httpClient`. */
function nameOf(named: unknown): unknown {
  if (typeof named !== 'function') return named;
  return named.name.replace(/^(?:[A-Z]+(?=[A-Z][a-z]|$)|[A-Z])/, (capitals) => capitals.toLowerCase());
}
