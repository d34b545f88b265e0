import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Engine } from '../../src/engine/engine.ts';
import { eventually } from '../broker/eventually.ts';
import type { EngineHarness } from './engine-contract.ts';
import {
  acknowledge,
  expectWaiting,
  type Inbox,
  openHarness,
  openInbox,
  openWideInbox,
  sendAll,
} from './engine-fixture.ts';

type Verdict = 'acknowledge' | 'release' | 'reject';

const ampleDeadlineMs = 60_000;
/** For a channel with deliveries in hand that nobody settles. Enough to write what is acknowledged, on a busy machine too. */
const shortDeadlineMs = 500;
const eight = ['1', '2', '3', '4', '5', '6', '7', '8'];

/** An inbox that has all eight in hand. */
async function openFullInbox(channel: Engine): Promise<Inbox> {
  const inbox = await openWideInbox(channel, eight.length);
  await sendAll(channel, inbox.queue, eight);
  await inbox.delivery(eight.length);
  return inbox;
}

function settle(inbox: Inbox, texts: readonly string[], verdict: Verdict): void {
  for (const text of texts) inbox.deliveries[Number(text) - 1]?.[verdict]();
}

/** Once its channel is closed, exactly these are in the queue. */
async function expectGivenBack({ messages }: EngineHarness, rival: Engine | undefined, queue: string, texts: string[]) {
  if (rival === undefined) {
    expect((await messages(queue)).map(({ body }) => Buffer.from(body).toString()).sort()).toEqual(texts);
    return;
  }
  const next = await openInbox(rival, { queue, prefetch: eight.length, onDelivery: acknowledge });
  await eventually(() => expect(next.texts().sort()).toEqual(texts));
  // Whatever was not acknowledged is given back at once.
  await next.consumer.stop();
  expect(next.texts().sort()).toEqual(texts);
}

/** Acknowledging many at once must neither sweep along what is in hand, nor forget what is done. */
export function acknowledgingContract(harness: () => Promise<EngineHarness>): void {
  test.each([
    ['the oldest', ['1', '2', '3']],
    ['the newest', ['6', '7', '8']],
    ['every other one', ['1', '3', '5', '7']],
    ['some, the newest first', ['8', '4', '2', '1']],
    ['all', eight],
    ['all, the newest first', [...eight].reverse()],
  ])('of %s, acknowledged in one turn, none comes back, and all others do', async (_, acknowledged) => {
    const harnessed = await openHarness(harness);
    const rival = await harnessed.another?.();
    const inbox = await openFullInbox(harnessed.channel);
    settle(inbox, acknowledged, 'acknowledge');
    await harnessed.channel.close(shortDeadlineMs);
    const others = eight.filter((text) => !acknowledged.includes(text));
    await expectGivenBack(harnessed, rival, inbox.queue, others);
    await expectWaiting(harnessed, inbox.deadLetterQueue, []);
  });

  test('acknowledging, releasing and rejecting in one turn each concern one message', async () => {
    const harnessed = await openHarness(harness);
    const { channel } = harnessed;
    const inbox = await openFullInbox(channel);
    settle(inbox, ['1'], 'acknowledge');
    settle(inbox, ['2'], 'release');
    settle(inbox, ['3'], 'reject');
    settle(inbox, ['4'], 'acknowledge');
    settle(inbox, ['7'], 'release');
    settle(inbox, ['8'], 'reject');
    settle(inbox, ['6'], 'acknowledge');
    await inbox.delivery(10);
    expect(inbox.texts().slice(8).sort()).toEqual(['2', '7']);
    settle(inbox, ['5', '9', '10'], 'acknowledge');
    await expectWaiting(harnessed, inbox.deadLetterQueue, ['3', '8']);
    expect(inbox.consumer.detached).toBeUndefined();
    await channel.close(ampleDeadlineMs);
    await expectWaiting(harnessed, inbox.queue, []);
  });

  test('what is acknowledged in the moment of closing does not come back', async () => {
    const harnessed = await openHarness(harness);
    const { channel } = harnessed;
    const rival = await harnessed.another?.();
    const inbox = await openFullInbox(channel);
    const stopping = inbox.consumer.stop();
    settle(inbox, ['2', '3', '5', '8'], 'acknowledge');
    const closing = channel.close(shortDeadlineMs);
    settle(inbox, ['1'], 'acknowledge');
    await Promise.all([stopping, closing]);
    await expectGivenBack(harnessed, rival, inbox.queue, ['4', '6', '7']);
  });

  test('in whatever order and turns eight are settled, each gets its own verdict', async () => {
    const verdicts = fc.shuffledSubarray(eight).chain((texts) =>
      fc.tuple(
        fc.constant(texts),
        fc.array(fc.constantFrom<Verdict>('acknowledge', 'acknowledge', 'acknowledge', 'release', 'reject'), {
          minLength: texts.length,
          maxLength: texts.length,
        }),
        fc.array(fc.boolean(), { minLength: texts.length, maxLength: texts.length }),
      ),
    );
    const property = fc.asyncProperty(verdicts, async ([texts, chosen, pauses]) => {
      const harnessed = await openHarness(harness);
      const rival = await harnessed.another?.();
      const inbox = await openFullInbox(harnessed.channel);
      for (const [index, text] of texts.entries()) {
        settle(inbox, [text], chosen[index] ?? 'acknowledge');
        if (pauses[index]) await new Promise((resolve) => setImmediate(resolve));
      }
      const given = (verdict: Verdict) => texts.filter((_, index) => chosen[index] === verdict);
      const rejected = given('reject').sort();
      await eventually(async () => {
        const dead = await harnessed.messages(inbox.deadLetterQueue);
        expect(dead.map(({ body }) => Buffer.from(body).toString()).sort()).toEqual(rejected);
      });
      expect(inbox.consumer.detached).toBeUndefined();
      await harnessed.channel.close(20);
      const gone = [...given('acknowledge'), ...rejected];
      await expectGivenBack(
        harnessed,
        rival,
        inbox.queue,
        eight.filter((text) => !gone.includes(text)),
      );
    });
    await fc.assert(property, { numRuns: 15 });
  });

  test('deliveries can be acknowledged in any order', async () => {
    const harnessed = await openHarness(harness);
    const { channel } = harnessed;
    const inbox = await openWideInbox(channel, 3);
    await sendAll(channel, inbox.queue, ['1', '2', '3', '4']);
    await inbox.delivery(3);
    for (const ordinal of [3, 1, 2]) (await inbox.delivery(ordinal)).acknowledge();
    (await inbox.delivery(4)).acknowledge();
    expect(inbox.texts()).toEqual(['1', '2', '3', '4']);
    await inbox.consumer.stop();
    await expectWaiting(harnessed, inbox.queue, []);
  });
}
