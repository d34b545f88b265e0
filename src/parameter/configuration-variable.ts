import type { TargetType, ValueOf } from '../schema/target-type.ts';
import { compileArgumentType } from './argument-type.ts';
import { assertOptions } from './converter-options.ts';
import { nameOrKey } from './named-by-key.ts';
import {
  cannotResolve,
  type ParameterConverter,
  type ParameterSite,
  parameterConverter,
} from './parameter-converter.ts';
import type { NamedByKey } from './parameters.ts';
import type { VariableOf } from './references.ts';

export interface VariableOptions<Value = unknown> {
  /** The value of a variable that is not configured, converted to its type. Default: none, an error at start. */
  readonly default?: Value;
}

/**
 * The configuration variable that has the name of the parameter's key: a value under `configuration` in the
 * configuration.
 *
 * @throws Error at start, when there is no such variable
 */
export function configurationVariable(): ParameterConverter<unknown> & NamedByKey<'configurationVariable'>;
/**
 * A configuration variable: a value under `configuration` in the configuration.
 *
 * @param name its name. Default: the key of the parameter
 * @param type the type that it is converted to, once, at start
 * @param options the default for a variable that is not configured
 * @throws Error at start, when there is no such variable or it does not fit its type
 */
export function configurationVariable<
  Name extends string,
  Type extends TargetType | undefined = undefined,
  Default extends DefaultFor<Type> = never,
>(
  name: Name | undefined,
  type?: Type,
  options?: VariableOptions<Default>,
): ParameterConverter<Type extends TargetType ? ValueOf<Type> : VariableOf<Name> | Default>;
export function configurationVariable(
  name?: string,
  type?: TargetType,
  options: VariableOptions = {},
): ParameterConverter {
  const description = name === undefined ? 'configuration variable' : `configuration variable ${name}`;
  const converter = parameterConverter(description, (site) => {
    assertOptions(options, ['default'], site);
    const value = variable(nameOrKey(name, site, "configurationVariable('multiplier')"), type, options, site);
    return () => value;
  });
  return name === undefined && type === undefined ? { ...converter, ...fromKey } : converter;
}

type DefaultFor<Type> = Type extends TargetType ? ValueOf<Type> : unknown;

const fromKey: NamedByKey<'configurationVariable'> = { namedByKey: 'configurationVariable' };

function variable(name: string, type: TargetType | undefined, options: VariableOptions, site: ParameterSite): unknown {
  if (!Object.hasOwn(site.variables, name)) {
    if (Object.hasOwn(options, 'default')) {
      return type === undefined
        ? options.default
        : compileArgumentType(type, site).convert(options.default, 'its default');
    }
    throw new TypeError(`${cannotResolve(site)}: ${noSuchVariable(name, site)}.`);
  }
  const value = site.variables[name];
  if (type === undefined) return value;
  return compileArgumentType(type, site).convert(value, `the configuration variable '${name}'`);
}

/** Returns the error text for an unknown configuration variable, with the names that exist. */
export function noSuchVariable(name: string, { variables }: Pick<ParameterSite, 'variables'>): string {
  return `there is no configuration variable '${name}'. Configured: ${Object.keys(variables).join(', ') || 'none'}`;
}
