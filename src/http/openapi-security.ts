import type { FastifyRequest } from 'fastify';
import { adminGrants } from './auth/authenticator.ts';
import { Grants, permissionText } from './auth/grants.ts';
import type { Permission, RoutePermission } from './auth/permission.ts';
import type { CredentialKind, Principal } from './auth/principal.ts';

/** The security schemes of the OpenAPI document. */
const securitySchemes = {
  key: { type: 'http', scheme: 'bearer', description: 'A key of auth.keys.' },
  token: {
    ...{ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
    description: 'A JSON Web Token of an issuer in auth.jwt.',
  },
  clientCertificate: { type: 'mutualTLS', description: 'A client certificate whose name is in auth.mtls.' },
  adminToken: {
    ...{ type: 'http', scheme: 'bearer' },
    description:
      'http.adminToken, or ADMIN_TOKEN, for dead letters, endpoints, metrics and documents. If it is not configured, dead letters need no credentials on loopback.',
  },
} as const;

type Scheme = keyof typeof securitySchemes;

const kindsOfSchemes: Readonly<Record<Scheme, CredentialKind>> = {
  key: 'key',
  token: 'token',
  clientCertificate: 'certificate',
  adminToken: 'admin token',
};

const granted = new Grants(adminGrants);

/** The credentials that a gateway accepts. */
export interface AcceptedCredentials {
  readonly kinds: ReadonlySet<CredentialKind>;
  readonly anonymous: Principal;
}

interface Document {
  readonly components?: object;
  readonly paths?: object;
}

type Requirement = Readonly<Partial<Record<Scheme, readonly string[]>>>;

/**
 * Adds to each operation the credentials that its route requires, with the grant.
 *
 * @param permissions the permissions of the routes, by method and path, such as `post /batch`
 * @param accepted undefined for a gateway that requires no credentials; all schemes are described then
 */
export function withSecurity<Described extends object>(
  document: Described,
  permissions: ReadonlyMap<string, RoutePermission | undefined>,
  accepted: AcceptedCredentials | undefined,
): Described {
  const { components, paths = {} }: Document = document;
  const schemes = Object.entries(securitySchemes).filter(([name]) => isAccepted(name as Scheme, accepted));
  const names = schemes.map(([name]) => name as Scheme);
  const securedPaths = Object.entries(paths).map(([path, operations]) => {
    const secured = Object.entries(operations as object).map(([method, operation]) => {
      const security = requirementsOf(permissions.get(`${method} ${path}`), path, names, accepted);
      return [method, security.length === 0 ? operation : { ...operation, security }];
    });
    return [path, Object.fromEntries(secured)];
  });
  return {
    ...document,
    components: { ...components, securitySchemes: Object.fromEntries(schemes) },
    paths: Object.fromEntries(securedPaths),
  };
}

/** Returns the alternative credentials of a route. A request needs one of them; a route for every caller has none. */
function requirementsOf(
  wanted: RoutePermission | undefined,
  path: string,
  schemes: readonly Scheme[],
  accepted: AcceptedCredentials | undefined,
): readonly Requirement[] {
  if (wanted === 'open') return [];
  const permission = describedPermission(wanted, path);
  const roles = permission === undefined ? [] : [permissionText(permission)];
  const isForAdmin = permission !== undefined && granted.find(permission) !== undefined;
  const possible = schemes.filter((scheme) => scheme !== 'adminToken' || isForAdmin);
  const needsNone = accepted === undefined || isForAnonymous(permission, accepted.anonymous.grants);
  return [...(needsNone ? [{}] : []), ...possible.map((scheme) => ({ [scheme]: roles }))];
}

/** Returns the permission of a route, with its parameters as placeholders; undefined if it depends on the body. */
function describedPermission(wanted: RoutePermission | undefined, path: string): Permission | undefined {
  if (typeof wanted !== 'function') return wanted === 'caller' || wanted === 'open' ? undefined : wanted;
  const params = Object.fromEntries([...path.matchAll(/\{(\w+)\}/g)].map(([text, name]) => [name, text]));
  return wanted({ params, raw: { rawHeaders: [] } } as unknown as FastifyRequest);
}

function isForAnonymous(permission: Permission | undefined, grants: Grants): boolean {
  if (typeof permission === 'string') return grants.find(permission) !== undefined;
  return grants.canSend(permission?.kind);
}

function isAccepted(scheme: Scheme, accepted: AcceptedCredentials | undefined): boolean {
  return accepted === undefined || accepted.kinds.has(kindsOfSchemes[scheme]);
}
