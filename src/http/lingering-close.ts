import type { Socket } from 'node:net';

/** How long a caller who still sends gets to notice its answer. */
const lingerMs = 2_000;

/**
 * Ends a connection on which its caller may still be sending. The kernel resets a connection that is closed while bytes
 * come in, and the caller may then never read its answer. So this side is ended first, and what comes in is thrown away
 * for two seconds, or until the caller ends its side.
 *
 * @param answer what is written last
 */
export function lingeringClose(socket: Socket, answer?: string): void {
  // A listener of our own takes the bytes away from Node's parser: nothing that follows is a request any more.
  socket.removeAllListeners('data');
  socket.on('data', () => {});
  if (answer === undefined) socket.end();
  else socket.end(answer);
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), lingerMs).unref();
  socket.once('close', () => clearTimeout(timer));
}
