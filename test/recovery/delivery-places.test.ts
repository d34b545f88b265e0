import { describe, expect, test } from 'vitest';
import type { Delivery } from '../../src/engine/delivery.ts';
import { DeliveryPlaces } from '../../src/recovery/delivery-places.ts';

function delivery(bytes = 1): Delivery {
  return { message: { headers: {}, body: new Uint8Array(bytes) } } as unknown as Delivery;
}

function openPlaces(count: number) {
  const asked: number[] = [];
  const places = new DeliveryPlaces(count, { allowExtra: (beside) => asked.push(beside) });
  const enter = (bytes?: number) => {
    const entered = delivery(bytes);
    expect(places.take(entered)).toBeUndefined();
    return entered;
  };
  return { places, asked, enter };
}

describe('delivery places', () => {
  test('admit one delivery for each place, and the next one when one leaves', async () => {
    const { places, asked, enter } = openPlaces(2);
    const first = enter();
    enter();
    const order: string[] = [];
    const third = places.take(delivery())?.then(() => order.push('third'));
    const fourth = places.take(delivery())?.then(() => order.push('fourth'));
    places.leave(first);
    await third;
    expect(order).toEqual(['third']);
    places.end();
    await fourth;
    expect([order, asked]).toEqual([['third', 'fourth'], []]);
  });

  test('give at most half of themselves to held deliveries, and request the others beyond', () => {
    const { places, asked, enter } = openPlaces(4);
    const held = [enter(), enter(), enter(), enter()];
    for (const each of held) places.hold(each);
    expect([asked, places.held, places.isExhausted]).toEqual([[1, 2], 4, false]);
    enter();
    enter();
    expect(places.take(delivery())).toBeDefined();
    for (const each of held) places.leave(each);
    expect([asked, places.held]).toEqual([[1, 2, 1, 0], 0]);
  });

  test('stay free if there is only one: a held delivery takes none', () => {
    const { places, asked, enter } = openPlaces(1);
    places.hold(enter());
    expect(asked).toEqual([1]);
    enter();
    expect(places.take(delivery())).toBeDefined();
  });

  test('count a delivery once, however often it is held', () => {
    const { places, enter } = openPlaces(2);
    const one = enter();
    expect([places.holdWithinHalf(one), places.holdWithinHalf(one)]).toEqual([true, true]);
    places.hold(one);
    expect([places.held, places.holdWithinHalf(enter())]).toEqual([1, false]);
  });

  test('are exhausted when no more deliveries may be held beyond them', () => {
    const { places, asked, enter } = openPlaces(1);
    for (let held = 0; held < 10; held += 1) places.hold(enter());
    expect([asked.at(-1), places.isExhausted]).toEqual([9, true]);
  });

  test('request no further delivery once 64 MiB are held', () => {
    const { places, asked, enter } = openPlaces(1);
    places.hold(enter(40 * 1024 * 1024));
    places.hold(enter(40 * 1024 * 1024));
    expect([asked, places.isExhausted]).toEqual([[1], true]);
  });
});
