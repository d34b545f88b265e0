import { createRandom, type Random } from './random.ts';

interface Fault {
  /** Two at once strike at different places. */
  readonly on: 'broker' | 'network' | 'gateway' | 'application';
  /** Minimum and maximum duration in milliseconds. */
  readonly holdMs: readonly [number, number];
  /** Default: a node of a cluster, the only broker, or a gateway. */
  readonly targets?: readonly string[];
}

/** Everything that can go wrong. */
const faults = {
  'broker killed': { on: 'broker', holdMs: [0, 1500] },
  // Both must be longer than the gateways' heartbeat takes to find a silent broker dead.
  'broker frozen': { on: 'broker', holdMs: [3500, 5000] },
  'memory alarm': { on: 'broker', holdMs: [1000, 3000] },
  'connections closed by the broker': { on: 'broker', holdMs: [0, 0] },
  'permissions withdrawn': { on: 'broker', holdMs: [500, 2500] },
  'exchange deleted': { on: 'broker', holdMs: [0, 0] },
  'binding of an event deleted': {
    on: 'broker',
    holdMs: [0, 0],
    targets: ['billing order.#', 'billing parcel.sent', 'shop order.placed'],
  },
  // Also that of its commands.
  'bindings of a service deleted': { on: 'broker', holdMs: [0, 0], targets: ['billing', 'shop'] },
  // And until a dead letter was set aside.
  'dead letter queues full': { on: 'broker', holdMs: [0, 5000] },
  'connections cut': { on: 'network', holdMs: [0, 1000] },
  'connections stalled': { on: 'network', holdMs: [3500, 5000] },
  'answers of the broker lost': { on: 'network', holdMs: [200, 1500] },
  'gateway killed': { on: 'gateway', holdMs: [0, 1500] },
  'gateway told to stop': { on: 'gateway', holdMs: [0, 500] },
  // Longer than its messages wait in the process.
  'application away': { on: 'application', holdMs: [500, 4000] },
} as const satisfies Record<string, Fault>;

/** What can go wrong with the nodes of a cluster. */
const clusterFaults = {
  'leader killed': { on: 'broker', holdMs: [1000, 8000] },
  'node killed': { on: 'broker', holdMs: [0, 8000] },
  'node stopped': { on: 'broker', holdMs: [0, 3000] },
  // Long enough for the others to elect leaders, which takes them six to twelve seconds.
  'node frozen': { on: 'broker', holdMs: [8000, 14_000] },
  'each node stopped in turn': { on: 'broker', holdMs: [0, 1000] },
  'all nodes killed': { on: 'broker', holdMs: [0, 1000] },
} as const satisfies Record<string, Fault>;

export type FaultKind = keyof typeof faults | keyof typeof clusterFaults;

const everyFault: Readonly<Record<FaultKind, Fault>> = { ...faults, ...clusterFaults };

/** All kinds of fault that one node and its gateways can have, in no order that matters. */
export const faultKinds = Object.keys(faults) as FaultKind[];

/** All kinds that only a cluster can have. */
export const clusterFaultKinds = Object.keys(clusterFaults) as FaultKind[];

/** The nodes of a cluster, as targets. */
const nodeTargets = ['0', '1', '2'];

/** One fault, at its moment. */
export interface PlannedFault {
  readonly kind: FaultKind;
  /**
   * The gateway or the bindings that it strikes, or the number of the node; 'all' where it strikes all, or the only
   * broker.
   */
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
  /** Default: `faultKinds`. */
  readonly kinds?: readonly FaultKind[];
  /** How many faults. Default: each kind once. */
  readonly amount?: number;
  /** How long all is well between two. Lowest and highest. */
  readonly calmMs: readonly [number, number];
  /** Probability that two faults begin together, if they can. Default: 0.25. */
  readonly togetherChance?: number;
}

/** The faults of a round, which its seed repeats: each kind once, or that and as many more at random. */
export function planFaults(options: PlanOptions): PlannedFault[] {
  const { seed, gateways, kinds: wanted = faultKinds, amount = wanted.length, calmMs, togetherChance = 0.25 } = options;
  const random = createRandom(seed);
  const between = ([lowest, highest]: readonly [number, number]) => random.between(lowest, highest);
  const kinds = random.shuffled(wanted);
  while (kinds.length < amount) kinds.push(random.pick(wanted));
  const plan: PlannedFault[] = [];
  for (const kind of kinds.slice(0, amount)) {
    const before = plan.at(-1);
    const elsewhere = before !== undefined && !before.atOnce && everyFault[before.kind].on !== everyFault[kind].on;
    plan.push({
      kind,
      target: targetOf(kind, gateways, random),
      holdMs: between(everyFault[kind].holdMs),
      afterMs: between(calmMs),
      atOnce: elsewhere && random.chance(togetherChance),
    });
  }
  return plan;
}

function targetOf(kind: FaultKind, gateways: readonly string[], random: Random): string {
  if (Object.hasOwn(clusterFaults, kind)) return random.pick(nodeTargets);
  const { on, targets } = everyFault[kind];
  if (targets) return random.pick(targets);
  if (on === 'broker' || on === 'application') return 'all';
  return on === 'gateway' ? random.pick(gateways) : random.pick([...gateways, 'all']);
}
