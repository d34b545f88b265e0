import { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { SmallPieces } from '../../../src/http/body/small-pieces.ts';
import { eventually } from '../../broker/eventually.ts';

function connections(amount: number) {
  const pieces = new SmallPieces();
  const resumed: number[] = [];
  return Array.from({ length: amount }, (_, index) => {
    const socket = new Socket();
    const count = pieces.counterOf(socket);
    socket.on('resume', () => resumed.push(index));
    return { socket, resumed, comes: (amount: number) => Array.from({ length: amount }, count) };
  });
}

describe('a connection whose body comes in very small pieces', () => {
  test('is not read from until the next turn', async () => {
    const [one] = connections(1);
    one?.comes(1023);
    expect(one?.socket.isPaused()).toBe(false);
    one?.comes(10_000);
    expect(one?.socket.isPaused()).toBe(true);
    await eventually(() => expect(one?.socket.isPaused()).toBe(false));
  });

  test('stays unread although Node resumes it', () => {
    const [one] = connections(1);
    one?.comes(1024);
    one?.socket.resume();
    expect(one?.socket.isPaused()).toBe(true);
  });

  test('is read one per turn of the event loop', async () => {
    const all = connections(3);
    for (const { comes } of all) comes(1024);
    const paused = () => all.map(({ socket }) => socket.isPaused());
    expect(paused()).toEqual([true, true, true]);
    await new Promise(setImmediate);
    expect(paused()).toEqual([false, true, true]);
    await eventually(() => expect(paused()).toEqual([false, false, false]));
    all[0]?.comes(1024);
    expect(paused()).toEqual([true, false, false]);
  });

  test('is read at once if it is injected', () => {
    const count = new SmallPieces().counterOf({});
    for (let piece = 0; piece < 2000; piece++) count();
  });
});
