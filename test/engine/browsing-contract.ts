import { expect, test } from 'vitest';
import type { BrowseAction, BrowseOptions, WaitingMessage } from '../../src/engine/browsing.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { eventually } from '../broker/eventually.ts';
import { caught } from '../caught.ts';
import { gate } from '../endpoint/endpoint-fixture.ts';
import type { EngineHarness } from './engine-contract.ts';
import {
  expectWaiting,
  hold,
  messageOf,
  newName,
  openHarness,
  openInbox,
  openQueue,
  send,
  sendAll,
  textOf,
} from './engine-fixture.ts';

const digits = ['1', '2', '3', '4', '5', '6', '7', '8'];

/** A dead letter queue with these in it. */
async function deadLettersWith(harnessed: EngineHarness, texts: string[]): Promise<string> {
  const { deadLetterQueue } = await openQueue(harnessed.channel);
  await sendAll(harnessed.channel, deadLetterQueue, texts);
  return deadLetterQueue;
}

/** What a look sees, with a verdict for each text. */
async function look(
  channel: Engine,
  queue: string,
  actionOf: (text: string) => BrowseAction | PromiseLike<BrowseAction> = () => 'keep',
  window?: number,
): Promise<string[]> {
  const seen: string[] = [];
  const visit: BrowseOptions['visit'] = ({ message }) => {
    seen.push(textOf(message));
    return actionOf(textOf(message));
  };
  await channel.browse(queue, { visit, window });
  return seen;
}

async function later<Value>(value: Value): Promise<Value> {
  await new Promise((resolve) => setTimeout(resolve, 1 + Math.random() * 5));
  return value;
}

export function browsingContract(harness: () => Promise<EngineHarness>): void {
  test('a browse shows each message once, in the order of the queue, and leaves everything as it was', async () => {
    const harnessed = await openHarness(harness);
    const queue = await deadLettersWith(harnessed, digits);
    for (const window of [1, 3, 8, undefined]) {
      expect(await look(harnessed.channel, queue, undefined, window)).toEqual(digits);
    }
    await expectWaiting(harnessed, queue, digits);
  });

  test('a hundred browses lose, reorder and move nothing', async () => {
    const harnessed = await openHarness(harness);
    const queue = await deadLettersWith(harnessed, digits);
    for (let time = 0; time < 100; time++) {
      expect(await look(harnessed.channel, queue, undefined, 1 + (time % 9))).toEqual(digits);
    }
    await expectWaiting(harnessed, queue, digits);
    await expectWaiting(harnessed, `${queue}_dead_letter`, []);
  });

  test('a message is shown as it was sent, with its position', async () => {
    const harnessed = await openHarness(harness);
    const { channel } = harnessed;
    const queue = await deadLettersWith(harnessed, ['before']);
    const message = messageOf(Buffer.from([0, 0xff]), { executorId: '7', attempt: 3 });
    await channel.publish({ to: { queue }, message });
    const places: unknown[] = [];
    await channel.browse(queue, {
      visit({ message: seen, position, total }) {
        places.push([position, total]);
        if (position === 2) {
          expect(seen.headers).toMatchObject({ ...message.headers });
          expect(Buffer.from(seen.body).toString('hex')).toBe('00ff');
        }
        return 'keep';
      },
    });
    expect(places).toEqual([
      [1, 2],
      [2, 2],
    ]);
  });

  test('what is removed is gone, and the rest keeps its order', async () => {
    const harnessed = await openHarness(harness);
    for (const window of [1, 2, 3, undefined]) {
      const queue = await deadLettersWith(harnessed, digits);
      const odd = (text: string) => (Number(text) % 2 === 1 ? 'remove' : 'keep');
      expect(await look(harnessed.channel, queue, odd, window)).toEqual(digits);
      expect(await look(harnessed.channel, queue)).toEqual(['2', '4', '6', '8']);
      expect(await look(harnessed.channel, queue, () => 'remove', window)).toEqual(['2', '4', '6', '8']);
      expect(await look(harnessed.channel, queue)).toEqual([]);
    }
  });

  test('what is to be removed leaves once its promise has resolved, in whatever order they do', async () => {
    const harnessed = await openHarness(harness);
    for (const window of [1, 3, undefined]) {
      const queue = await deadLettersWith(harnessed, digits);
      const odd = (text: string) => later<BrowseAction>(Number(text) % 2 === 1 ? 'remove' : 'keep');
      expect(await look(harnessed.channel, queue, odd, window)).toEqual(digits);
      expect(await look(harnessed.channel, queue)).toEqual(['2', '4', '6', '8']);
    }
  });

  test('no more visits are pending than the window has', async () => {
    const harnessed = await openHarness(harness);
    const queue = await deadLettersWith(harnessed, digits);
    let pending = 0;
    let most = 0;
    await harnessed.channel.browse(queue, {
      window: 3,
      async visit() {
        pending += 1;
        most = Math.max(most, pending);
        await later(undefined);
        pending -= 1;
        return 'remove' as const;
      },
    });
    expect({ most, pending }).toEqual({ most: 3, pending: 0 });
  });

  test('a browse ends early on request, after the pending visits', async () => {
    const harnessed = await openHarness(harness);
    const queue = await deadLettersWith(harnessed, digits);
    const seen: string[] = [];
    await harnessed.channel.browse(queue, {
      visit({ message, position, end }) {
        seen.push(textOf(message));
        if (position === 3) end();
        return later('remove');
      },
    });
    expect(seen).toEqual(['1', '2', '3']);
    expect(await look(harnessed.channel, queue)).toEqual(digits.slice(3));
  });

  test('a browse ends at a position, whatever is removed on the way', async () => {
    const harnessed = await openHarness(harness);
    const seen: string[] = [];
    for (const window of [1, 2, undefined]) {
      const queue = await deadLettersWith(harnessed, digits);
      for (const [upTo, left] of [
        [2, digits.slice(2)],
        [0, digits.slice(2)],
        [4, digits.slice(6)],
        [9, []],
      ] as const) {
        const visit = ({ message }: WaitingMessage) => {
          seen.push(textOf(message));
          return later<BrowseAction>('remove');
        };
        await harnessed.channel.browse(queue, { visit, window, upTo });
        expect(await look(harnessed.channel, queue)).toEqual(left);
      }
      expect(seen.splice(0)).toEqual(digits);
    }
  });

  test('a browse does not show what arrives meanwhile', async () => {
    const harnessed = await openHarness(harness);
    const { channel } = harnessed;
    const queue = await deadLettersWith(harnessed, ['1', '2']);
    const removeAndSendAgain = async (text: string) => {
      await send(channel, queue, `${text} again`);
      return 'remove' as const;
    };
    expect(await look(channel, queue, removeAndSendAgain, 1)).toEqual(['1', '2']);
    expect(await look(channel, queue)).toEqual(['1 again', '2 again']);
  });

  test('an error of a visit ends the browse, and keeps the message', async () => {
    const harnessed = await openHarness(harness);
    const queue = await deadLettersWith(harnessed, digits);
    const throwing = (text: string) => {
      if (text === '3') throw new Error('of the visit');
      return 'remove' as const;
    };
    await expect(look(harnessed.channel, queue, throwing)).rejects.toThrow('of the visit');
    expect(await look(harnessed.channel, queue)).toEqual(digits.slice(2));
    const rejecting = async (text: string) => throwing(text);
    await expect(look(harnessed.channel, queue, rejecting, 1)).rejects.toThrow('of the visit');
    expect(await look(harnessed.channel, queue)).toEqual(digits.slice(2));
  });

  test('a queue that is empty, or does not exist, shows nothing', async () => {
    const harnessed = await openHarness(harness);
    const queue = await deadLettersWith(harnessed, []);
    expect(await look(harnessed.channel, queue)).toEqual([]);
    expect(await look(harnessed.channel, newName())).toEqual([]);
  });

  test('a second browse in this process waits for the first', async () => {
    const harnessed = await openHarness(harness);
    const queue = await deadLettersWith(harnessed, digits);
    const first = look(harnessed.channel, queue, () => later('remove'), 1);
    const second = look(harnessed.channel, queue);
    expect(await Promise.all([first, second])).toEqual([digits, []]);
  });

  test('a second browse in another process is refused, and can be repeated', async () => {
    const harnessed = await openHarness(harness);
    const other = await harnessed.another?.();
    if (other === undefined) return;
    const queue = await deadLettersWith(harnessed, digits);
    const { opened, open } = gate();
    let begun = false;
    const first = look(harnessed.channel, queue, async () => {
      begun = true;
      await opened;
      return 'keep' as const;
    });
    await eventually(() => expect(begun).toBe(true));
    expect(await caught(() => look(other, queue))).toMatchObject({ code: 'dead-letters-busy', retryable: true });
    open();
    expect(await first).toEqual(digits);
    expect(await look(other, queue)).toEqual(digits);
  });

  test('a queue that is consumed is not browsed', async () => {
    const { channel } = await openHarness(harness);
    const inbox = await openInbox(channel, { onDelivery: hold });
    await send(channel, inbox.queue, 'in hand');
    await inbox.delivery(1);
    await send(channel, inbox.queue, 'waits');
    // A quorum queue that is slow to answer looks empty.
    await eventually(async () => {
      expect(await caught(() => look(channel, inbox.queue))).toMatchObject({ code: 'dead-letters-busy' });
    });
  });

  test('a browse that the closing of the channel ends keeps what it has not removed', async () => {
    const harnessed = await openHarness(harness);
    const { channel } = harnessed;
    const queue = await deadLettersWith(harnessed, digits);
    const visited: string[] = [];
    const looking = look(
      channel,
      queue,
      async (text) => {
        visited.push(text);
        if (visited.length === 2) void channel.close(5_000);
        return later<BrowseAction>('remove');
      },
      1,
    );
    expect(await caught(() => looking)).toMatchObject({ code: 'draining' });
    expect(await caught(() => look(channel, queue))).toMatchObject({ code: 'draining' });
    const other = await harnessed.another?.();
    if (other) expect(await look(other, queue)).toEqual(digits.slice(visited.length));
  });
}
