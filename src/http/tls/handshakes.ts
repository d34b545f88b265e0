import type { Socket } from 'node:net';

/**
 * The connections of a TLS server whose handshake is not over. Node reports a connection twice, first its TCP socket,
 * then its TLS socket, and does not say which belong together; the addresses and ports of both ends do.
 */
export class Handshakes {
  readonly #sockets = new Map<string, Socket>();

  /** Adds a TCP socket, until it closes. @returns false for one that is closed already */
  add(socket: Socket): boolean {
    const ends = endsOf(socket);
    if (ends === undefined) return false;
    this.#sockets.set(ends, socket);
    socket.once('close', () => this.#remove(ends, socket));
    return true;
  }

  /** Removes the TCP socket below a TLS socket. @returns it; undefined if the connection has closed meanwhile */
  take(secured: Socket): Socket | undefined {
    const ends = endsOf(secured);
    const socket = ends === undefined ? undefined : this.#sockets.get(ends);
    if (ends !== undefined && socket) this.#remove(ends, socket);
    return socket;
  }

  #remove(ends: string, socket: Socket): void {
    if (this.#sockets.get(ends) === socket) this.#sockets.delete(ends);
  }
}

function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string | undefined {
  return remoteAddress === undefined ? undefined : `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
