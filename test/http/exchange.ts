import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Gateway } from '../../src/gateway/gateway.ts';

/** The port of a gateway that listens from now on. */
export async function portOf({ app }: Pick<Gateway, 'app'>): Promise<number> {
  if (!app.server.listening) await app.listen({ host: '127.0.0.1', port: 0 });
  return (app.server.address() as { port: number }).port;
}

/** A connection to a gateway that stays open on this side, whatever the gateway does. */
export async function openSocket(gateway: Pick<Gateway, 'app'>): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: await portOf(gateway), allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  return socket;
}

export interface RawAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Writes a request as it is, and reads all answers until the gateway ends the connection.
 *
 * @param request each character is a byte; `\n` stands for CRLF
 */
export async function exchangeAll(gateway: Pick<Gateway, 'app'>, request: string): Promise<RawAnswer[]> {
  const socket = await openSocket(gateway);
  const received: Buffer[] = [];
  const ended = new Promise<void>((resolve, reject) => {
    socket.on('data', (chunk) => received.push(chunk));
    socket.once('end', resolve).once('error', reject);
  });
  socket.write(Buffer.from(request.replaceAll('\n', '\r\n'), 'latin1'));
  await ended;
  return parseAnswers(Buffer.concat(received).toString('latin1'));
}

/** As `exchangeAll`, for a single request; the connection is ended after it. */
export async function exchange(gateway: Pick<Gateway, 'app'>, request: string): Promise<RawAnswer> {
  const [answer] = await exchangeAll(gateway, request.replace('\n', '\nConnection: close\n'));
  return answer ?? { statusCode: 0, headers: {}, body: '' };
}

/** Each character of the text is a byte. */
function parseAnswers(text: string): RawAnswer[] {
  const answers: RawAnswer[] = [];
  let rest = text;
  while (rest !== '') {
    const [head = '', ...remainder] = rest.split('\r\n\r\n');
    const [statusLine = '', ...lines] = head.split('\r\n');
    const headers = Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    );
    const length = Number(headers['content-length'] ?? 0);
    const after = remainder.join('\r\n\r\n');
    answers.push({
      statusCode: Number(statusLine.split(' ')[1]),
      headers,
      body: Buffer.from(after.slice(0, length), 'latin1').toString(),
    });
    rest = after.slice(length);
  }
  return answers;
}
