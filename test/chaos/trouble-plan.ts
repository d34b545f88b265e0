import { createRandom, type Random } from './random.ts';

/** Everything that can go wrong, and how long it lasts. Milliseconds; lowest and highest. */
const troubles = {
  'broker killed': { on: 'broker', holdMs: [0, 1500] },
  // Both must be longer than the gateways' heartbeat takes to find a silent broker dead.
  'broker frozen': { on: 'broker', holdMs: [3500, 5000] },
  'memory alarm': { on: 'broker', holdMs: [1000, 3000] },
  'connections closed by the broker': { on: 'broker', holdMs: [0, 0] },
  'connections cut': { on: 'network', holdMs: [0, 1000] },
  'connections stalled': { on: 'network', holdMs: [3500, 5000] },
  'answers of the broker lost': { on: 'network', holdMs: [200, 1500] },
  'gateway killed': { on: 'gateway', holdMs: [0, 1500] },
  'gateway told to stop': { on: 'gateway', holdMs: [0, 500] },
} as const satisfies Record<string, { on: string; holdMs: readonly [number, number] }>;

export type TroubleKind = keyof typeof troubles;

/** All kinds of trouble, in no order that matters. */
export const troubleKinds = Object.keys(troubles) as TroubleKind[];

/** One trouble, at its moment. */
export interface PlannedTrouble {
  readonly kind: TroubleKind;
  /** The gateway that it strikes; 'all' where it strikes all, or the broker. */
  readonly target: string;
  readonly holdMs: number;
  /** How long all is well before it, once the one before is over. */
  readonly afterMs: number;
  /** Whether it begins together with the one before, which strikes elsewhere. */
  readonly atOnce: boolean;
}

export interface PlanOptions {
  readonly seed: number;
  /** The gateways that may be ended. */
  readonly gateways: readonly string[];
  /** How many troubles. Default: each kind once. */
  readonly amount?: number;
  /** How long all is well between two. Lowest and highest. */
  readonly calmMs: readonly [number, number];
}

/** The troubles of a round, which its seed repeats: each kind once, or that and as many more at random. */
export function planTroubles({ seed, gateways, amount = troubleKinds.length, calmMs }: PlanOptions): PlannedTrouble[] {
  const random = createRandom(seed);
  const between = ([lowest, highest]: readonly [number, number]) => random.between(lowest, highest);
  const kinds = random.shuffled(troubleKinds);
  while (kinds.length < amount) kinds.push(random.pick(troubleKinds));
  const plan: PlannedTrouble[] = [];
  for (const kind of kinds.slice(0, amount)) {
    const before = plan.at(-1);
    const elsewhere = before !== undefined && !before.atOnce && troubles[before.kind].on !== troubles[kind].on;
    plan.push({
      kind,
      target: targetOf(kind, gateways, random),
      holdMs: between(troubles[kind].holdMs),
      afterMs: between(calmMs),
      atOnce: elsewhere && random.chance(0.25),
    });
  }
  return plan;
}

function targetOf(kind: TroubleKind, gateways: readonly string[], random: Random): string {
  const { on } = troubles[kind];
  if (on === 'broker') return 'all';
  return on === 'gateway' ? random.pick(gateways) : random.pick([...gateways, 'all']);
}
