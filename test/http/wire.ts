import type { Socket } from 'node:net';
import { expect } from 'vitest';
import type { Gateway } from '../../src/gateway/gateway.ts';
import { eventually } from '../broker/eventually.ts';
import { openSocket } from './exchange.ts';

/** A connection to a gateway, with every answer on it so far. */
export interface Wire {
  readonly socket: Socket;
  /** Writes text as it is; `\n` stands for CRLF. */
  write(text: string): void;
  /** Each character is a byte. */
  received(): string;
  /** Waits until an answer matches. */
  answered(pattern: RegExp): Promise<void>;
  /** Waits until the gateway has ended its side. */
  ended(): Promise<void>;
}

export async function openWire(gateway: Pick<Gateway, 'app'>): Promise<Wire> {
  const socket = await openSocket(gateway);
  let received = '';
  let isEnded = false;
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1');
  });
  for (const event of ['end', 'close', 'error']) {
    socket.on(event, () => {
      isEnded = true;
    });
  }
  return {
    socket,
    write: (text) => void socket.write(Buffer.from(text.replaceAll('\n', '\r\n'), 'latin1')),
    received: () => received,
    answered: (pattern) => eventually(() => expect(received).toMatch(pattern)),
    ended: () => eventually(() => expect(isEnded).toBe(true)),
  };
}
