/**
 * The services that handlers can ask for, by their names in the container. Augment it with your own, and every
 * `reference('…')` knows its type:
 *
 * ```ts
 * declare module 'littoral' {
 *   interface References {
 *     userService: UserService;
 *   }
 * }
 * ```
 */
// biome-ignore lint/suspicious/noEmptyInterface: users declare its members
export interface References {}

/** The configuration variables, by name. Augment it as `References`; one that is not declared is `unknown`. */
// biome-ignore lint/suspicious/noEmptyInterface: users declare its members
export interface ConfigurationVariables {}

/** The names of services that TypeScript knows. */
export type ServiceName = keyof References & string;

/** The type of a configuration variable. */
export type VariableOf<Name> = Name extends keyof ConfigurationVariables ? ConfigurationVariables[Name] : unknown;
