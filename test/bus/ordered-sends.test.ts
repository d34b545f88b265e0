import { describe, expect, test } from 'vitest';
import type { OrderedBus, PreparedSend } from '../../src/bus/ordered-sends.ts';
import { sendInOrder } from '../../src/bus/send-list.ts';
import type { SendRequest } from '../../src/bus/send-request.ts';
import { maxWindow, SendWindow } from '../../src/bus/send-window.ts';
import { type ErrorCode, LittoralError } from '../../src/errors.ts';

/** An order of calls to a bus whose engine has room for some messages. */
class Recorded implements OrderedBus {
  /** The messages that the engine has, in the order of the calls. */
  readonly published: string[] = [];
  /** The number of messages in flight when a message was published. */
  readonly inFlight: number[] = [];
  /** The share of the window when a message was published. */
  readonly shares: number[] = [];
  readonly roomWaitMs = 0;
  readonly window: SendWindow;
  readonly #room: number;
  #open = 0;
  /** Errors of messages by their payload: while they are prepared, or when they are published. */
  readonly refused: Record<string, LittoralError> = {};
  readonly failed: Record<string, LittoralError> = {};
  /** Resolves before a message is confirmed, other than the first one. */
  confirms: () => Promise<void> = () => new Promise(setImmediate);

  constructor(room = Number.POSITIVE_INFINITY, window = new SendWindow()) {
    this.#room = room;
    this.window = window;
  }

  prepare = async ({ routingKey, payload }: SendRequest): Promise<PreparedSend> => {
    const name = String(payload);
    if (this.refused[name]) throw this.refused[name];
    // Some messages take longer than others to be checked.
    for (let turns = name.length; turns > 0; turns--) await undefined;
    return { route: routingKey, copies: 1, bytes: name.length, publish: () => this.#publish(name) };
  };

  readonly channel = {
    hasRoomFor: (count: number) => this.#open + count <= this.#room,
    roomMade: () => new Promise<void>(() => {}),
  };

  async #publish(name: string) {
    this.published.push(name);
    this.inFlight.push(this.#open);
    this.shares.push(this.window.share);
    if (this.#open >= this.#room) throw new LittoralError('too-many-in-flight', 'no room');
    this.#open += 1;
    await (this.published.length === 1 ? new Promise(setImmediate) : this.confirms());
    this.#open -= 1;
    if (this.failed[name]) throw this.failed[name];
    return { messageId: name, correlationId: name, routed: true };
  }
}

const request = (payload: string, routingKey = 'a'): SendRequest => ({ kind: 'event', routingKey, payload });
const names = (count: number) => Array.from({ length: count }, (_, index) => `${index}`.padStart(1 + (index % 7), '0'));

describe('messages that are sent in order', () => {
  test('are passed to the engine in their order, many before the first confirm', async () => {
    const bus = new Recorded();
    let confirm = () => {};
    const confirmed = new Promise<void>((resolve) => {
      confirm = resolve;
    });
    bus.confirms = () => confirmed;
    const results = sendInOrder(
      names(600).map((name) => request(name)),
      bus,
    );
    while (bus.published.length < 1 + maxWindow) await new Promise(setImmediate);
    confirm();
    expect((await results).map(({ receipt }) => receipt?.messageId)).toEqual(names(600));
    expect(bus.published).toEqual(names(600));
    expect(Math.max(...bus.inFlight)).toBe(maxWindow - 1);
  });

  test('share one window with the other lists of their channel', async () => {
    const window = new SendWindow();
    const buses = [new Recorded(Number.POSITIVE_INFINITY, window), new Recorded(Number.POSITIVE_INFINITY, window)];
    await Promise.all(
      buses.map((bus) =>
        sendInOrder(
          names(600).map((name) => request(name)),
          bus,
        ),
      ),
    );
    for (const { published, inFlight, shares } of buses) {
      expect(published).toEqual(names(600));
      // A list uses the whole window while the other one has no message.
      expect(shares).toContain(maxWindow / 2);
      expect(inFlight.filter((open, index) => open >= (shares[index] as number))).toEqual([]);
    }
    expect(window.share).toBe(maxWindow);
  });

  test('wait for the confirm of the first message of their route, and of a larger one than before', async () => {
    const bus = new Recorded();
    const large = 'x'.repeat(64 * 1024 + 1);
    await sendInOrder(
      [request('1'), request('2'), request('3', 'b'), request(large), request('4'), request('5', 'b')],
      bus,
    );
    expect(bus.inFlight).toEqual([0, 0, 0, 0, 0, 1]);
  });

  test.each([1, 3, 100])('are never refused for lack of room, with room for %i', async (room) => {
    const bus = new Recorded(room);
    const results = await sendInOrder(
      names(150).map((name) => request(name)),
      bus,
    );
    expect(results.filter(({ error }) => error)).toEqual([]);
    expect(bus.published).toEqual(names(150));
    expect(Math.max(...bus.inFlight)).toBeLessThan(room);
  });

  test('go on behind a message that cannot be sent', async () => {
    const bus = new Recorded();
    bus.refused['1'] = new LittoralError('invalid-key', 'wrong');
    bus.failed['2'] = new LittoralError('nacked', 'full');
    const results = await sendInOrder(
      ['0', '1', '2', '3'].map((name) => request(name)),
      bus,
    );
    expect(results.map(({ error }) => (error as LittoralError | undefined)?.code)).toEqual([
      undefined,
      'invalid-key',
      'nacked',
      undefined,
    ]);
    expect(bus.published).toEqual(['0', '2', '3']);
  });

  test.each<[ErrorCode, ErrorCode]>([
    ['confirm-timeout', 'broker-unavailable'],
    ['connection-lost', 'broker-unavailable'],
    ['broker-unavailable', 'broker-unavailable'],
    ['broker-blocked', 'broker-blocked'],
    ['draining', 'draining'],
  ])('end with the error %s, behind which nothing was sent', async (code, next) => {
    const bus = new Recorded();
    bus.failed['1'] = new LittoralError(code, 'the broker');
    const requests = [request('0'), request('1'), request('2', 'b'), request('3')];
    const results = await sendInOrder(requests, bus);
    expect(results.map(({ error }) => (error as LittoralError | undefined)?.code)).toEqual([
      undefined,
      code,
      next,
      next,
    ]);
    expect(results[2]?.error).toMatchObject({
      outcome: 'not-accepted',
      message: expect.stringContaining('the broker'),
    });
    expect(bus.published).toEqual(['0', '1']);
  });

  test('are sent if they stand before a message for which the broker could not be asked', async () => {
    const bus = new Recorded();
    bus.refused['3'] = new LittoralError('broker-unavailable', 'gone');
    await sendInOrder(
      ['0', '1', '2', '3', '4'].map((name) => request(name)),
      bus,
    );
    expect(bus.published).toEqual(['0', '1', '2']);
  });

  test('end when no room was made in time', async () => {
    const bus = new Recorded(0);
    const results = await sendInOrder([request('0'), request('1')], bus);
    expect(results.map(({ error }) => error)).toMatchObject([
      { code: 'too-many-in-flight' },
      { code: 'too-many-in-flight' },
    ]);
    expect(bus.published).toEqual(['0']);
  });

  test('may be none', async () => {
    expect(await sendInOrder([], new Recorded())).toEqual([]);
  });
});
