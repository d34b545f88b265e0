import type { Socket } from 'node:net';
import { certificateNames } from './certificate-names.ts';
import { Grants } from './grants.ts';
import { createPrincipal, type Principal } from './principal.ts';

/** The callers that present client certificates. */
export class ClientCertificates {
  readonly #principals: ReadonlyMap<string, Principal>;
  /** The caller of each connection; null for an unknown one. The certificate of a connection never changes. */
  readonly #bySocket = new WeakMap<Socket, Principal | null>();

  readonly #namesOf: (socket: Socket) => readonly string[];

  /**
   * @param callers the grants of each caller, by the name in its certificate
   * @param namesOf returns the names in the certificate of a connection
   */
  constructor(callers: Readonly<Record<string, readonly string[]>>, namesOf = certificateNames) {
    this.#namesOf = namesOf;
    const entries = Object.entries(callers);
    this.#principals = new Map(
      entries.map(([name, grants]) => [name, createPrincipal(name, 'certificate', new Grants(grants))]),
    );
  }

  /** Returns the caller of a connection; undefined if its certificate is missing or unknown. */
  find(socket: Socket): Principal | undefined {
    const known = this.#bySocket.get(socket);
    if (known !== undefined) return known ?? undefined;
    const names = this.#namesOf(socket);
    const name = names.find((one) => this.#principals.has(one));
    const found = name === undefined ? undefined : this.#principals.get(name);
    this.#bySocket.set(socket, found ?? null);
    return found;
  }
}
