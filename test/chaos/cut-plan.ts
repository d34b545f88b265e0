import type { Cut } from './cutting-proxy.ts';
import type { Random } from './random.ts';

type Carried = Readonly<Record<Cut['direction'], number>>;

const directions = ['to the broker', 'from the broker'] as const;

/** All cuts after every byte that a whole run carries, in each direction and way. */
export function allCuts(carried: Carried): Cut[] {
  const ended = directions.flatMap((direction) => cutsAfterEach(carried, direction, 'ended'));
  // What is cut in the same frame ends at its end, so every sixth byte finds each frame.
  const closed = cutsAfterEach(carried, 'from the broker', 'closed').filter((_, index) => index % 6 === 0);
  // Each takes as long as two heartbeats.
  const silent = directions
    .flatMap((direction) => cutsAfterEach(carried, direction, 'silent'))
    .filter((_, index) => index % 40 === 0);
  return [...ended, ...closed, ...silent];
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

function cutsAfterEach(carried: Carried, direction: Cut['direction'], how: Cut['how']): Cut[] {
  return Array.from({ length: carried[direction] }, (_, afterBytes) => ({ direction, afterBytes, how }));
}
