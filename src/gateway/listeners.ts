import type { FastifyInstance } from 'fastify';
import type { ResolvedConfig } from '../config/resolve.ts';
import { LittoralError } from '../errors.ts';
import { adminGuard } from '../http/admin-guard.ts';
import { AdminToken } from '../http/admin-token.ts';
import type { Access } from '../http/auth/access.ts';
import { Connections } from '../http/connections.ts';
import {
  type ListenerNames,
  listenFailure,
  listeningAddress,
  mainListener,
  managementListener,
} from '../http/listening-address.ts';
import { ServerCertificates } from '../http/tls/server-certificates.ts';
import type { Logger } from '../logger.ts';
import { type AppOptions, createApp } from './app.ts';
import type { Reloadable } from './reloadable.ts';
import type { HttpSide } from './shutdown.ts';

/** The HTTP servers of a gateway. */
export interface Listeners extends HttpSide {
  /** The server for callers, and for everything if there is no other. */
  readonly app: FastifyInstance;
  /** The server for operators; undefined if `app` has their routes. */
  readonly management: FastifyInstance | undefined;
  /** Listens on both. @returns the address of `app` */
  listen(): Promise<string>;
  readonly reloadables: readonly Reloadable[];
}

/** Creates the HTTP servers that a configuration asks for. They do not listen yet. */
export function createListeners(
  { http }: ResolvedConfig,
  logger: Logger,
  routes: Omit<AppOptions['routes'], 'requireAdmin'>,
): Listeners {
  const { host, port, tls, management: second, allowedHosts, basePath, trustProxy } = http;
  const { access, limits } = routes.publishing;
  const adminToken = new AdminToken(http.adminToken);
  const isBehindProxy = basePath !== '' || trustProxy.length > 0;
  const certificates = tls && new ServerCertificates(tls, logger);
  const create = (ownHost: string, own: Pick<AppOptions, 'certificates' | 'surface'>) => {
    const connections = new Connections(http);
    const app = createApp({
      ...own,
      logger,
      connections,
      access,
      bodies: http,
      guard: { host: ownHost, allowedHosts },
      proxy: { basePath, trustProxy },
      insiders: { adminToken, isBehindProxy },
      routes: { ...routes, requireAdmin: access ? noGuard : adminGuard({ host: ownHost, adminToken, isBehindProxy }) },
    });
    return { app, connections };
  };
  const main = create(host, { certificates, surface: second ? 'callers' : 'all' });
  const management =
    second && create(second.host, { certificates: second.tls ? certificates : undefined, surface: 'management' });
  const all = management ? [main, management] : [main];

  return {
    app: main.app,
    management: management?.app,
    async listen() {
      const address = await listenOn(main.app, host, port, { text: 'listening on', names: mainListener });
      if (second && management) {
        const naming = { text: 'management listening on', names: managementListener };
        await listenOn(management.app, second.host, second.port, naming);
      }
      return address;
    },
    reloadables: [
      // The first, because it can refuse a configuration that changes nothing then.
      ...(access ? [accessReload(access)] : []),
      ...(limits ? [{ settings: ['limits'], reload: (next: ResolvedConfig) => limits.reload(next.limits) }] : []),
      { settings: ['http.adminToken'], reload: ({ http }) => adminToken.replace(http.adminToken) },
      // Their names need a restart; their contents do not.
      { settings: [], reload: () => certificates?.reload() },
    ],
    isListening: () => main.app.server.listening,
    drain() {
      for (const { connections } of all) connections.drain();
      routes.streams.endAll();
    },
    async close() {
      routes.streams.endAll();
      await main.app.close();
      // Probes are answered until the callers have their answers.
      await management?.app.close();
      certificates?.close();
    },
    cutOff() {
      for (const { app } of all) app.server.closeAllConnections();
    },
  };
}

/** Where callers have grants, these decide. */
const noGuard = () => {};

/** @throws LittoralError `invalid-configuration` for a configuration without `auth`, which needs a restart */
function accessReload(access: Access): Reloadable {
  return {
    settings: ['auth'],
    reload({ auth, http: { adminToken } }) {
      if (auth !== undefined && auth !== 'none') return access.reload(auth, adminToken);
      const detail = 'The configuration is not valid:\n- auth: cannot be removed while the gateway runs; restart it';
      throw new LittoralError('invalid-configuration', detail);
    },
  };
}

async function listenOn(
  app: FastifyInstance,
  host: string,
  port: number,
  { text, names }: { readonly text: string; readonly names: ListenerNames },
): Promise<string> {
  const listenTextResolver = (address: string) => `${text} ${address}`;
  // A name can have several addresses, and Fastify would open a server for each, of which only one is guarded.
  const address = await listeningAddress(host, names);
  return app.listen({ host: address, port, listenTextResolver }).catch((error) => {
    throw listenFailure(error, address, port, names);
  });
}
