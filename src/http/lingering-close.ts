import type { Socket } from 'node:net';

/** Time in which a caller that is still sending can read its answer. */
const lingerMs = 2_000;

/**
 * Ends a connection while its caller may still be sending. The kernel resets a connection that is closed while bytes
 * arrive, and the caller may then never read its answer. So this side is ended first, and arriving bytes are discarded
 * for two seconds, or until the caller ends its side.
 *
 * @param answer the last bytes to write
 */
export function lingeringClose(socket: Socket, answer?: string): void {
  // A separate listener takes the bytes from Node's parser, so that they are no longer parsed as requests.
  socket.removeAllListeners('data');
  socket.on('data', () => {});
  if (answer === undefined) socket.end();
  else socket.end(answer);
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), lingerMs).unref();
  socket.once('close', () => clearTimeout(timer));
}
