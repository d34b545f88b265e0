import type { CarriedPart, Cut } from './cutting-proxy.ts';
import type { Random } from './random.ts';

type Carried = Readonly<Record<Cut['direction'], number>>;

/** One of so many bytes of a large body. */
const bodyStride = 256;

const directions = ['to the broker', 'from the broker'] as const;

/**
 * All cuts after every byte that a whole run carries, in each direction and way. Within a large body, which the probe of
 * the permissions sends, one of many bytes stands for the others.
 */
export function allCuts(carried: Carried, bodies: readonly CarriedPart[]): Cut[] {
  const isOwn = ({ direction, afterBytes }: Cut) =>
    afterBytes % bodyStride === 0 ||
    !bodies.some((body) => body.direction === direction && body.from < afterBytes && afterBytes < body.until - 1);
  const cutsAfterEach = (direction: Cut['direction'], how: Cut['how']) =>
    Array.from({ length: carried[direction] }, (_, afterBytes): Cut => ({ direction, afterBytes, how })).filter(isOwn);
  const ended = directions.flatMap((direction) => cutsAfterEach(direction, 'ended'));
  // What is cut in the same frame ends at its end, so every sixth byte finds each frame.
  const closed = cutsAfterEach('from the broker', 'closed').filter((_, index) => index % 6 === 0);
  // Each takes as long as two heartbeats.
  const silent = directions
    .flatMap((direction) => cutsAfterEach(direction, 'silent'))
    .filter((_, index) => index % 40 === 0);
  return [...ended, ...closed, ...silent];
}

/** One of so many neighbours, at the same place among each. */
export function eachOf(cuts: readonly Cut[], every: number, random: Random): Cut[] {
  const first = random.between(0, every - 1);
  return cuts.filter((_, index) => index % every === first);
}

/** Some of them, as a seed chooses. */
export function someCuts(carried: Carried, random: Random, amounts: Readonly<Record<Cut['how'], number>>): Cut[] {
  return Object.entries(amounts).flatMap(([how, amount]) =>
    Array.from({ length: amount }, (): Cut => {
      const direction = how === 'closed' ? 'from the broker' : random.pick(directions);
      return { direction, afterBytes: random.between(0, carried[direction] - 1), how: how as Cut['how'] };
    }),
  );
}
