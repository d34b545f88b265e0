import { exactDigest, exactJson, makeExactValues } from './exact-values.ts';
import type { Random } from './random.ts';
import type { LoadRequest } from './request.ts';

/** A request to be made, and what is to become of it. */
export interface PlannedRequest extends LoadRequest {
  readonly mark: string;
  readonly kind: string;
  readonly endpoints: readonly string[];
  /** The routing key of an event. */
  readonly eventKey: string | undefined;
  readonly unhandleable: boolean;
  readonly delayMs: number;
  /** The values that must arrive as they are. */
  readonly exact: string | undefined;
  /** True if only one of two versions handles it. */
  readonly deferrable: boolean;
  /** Whether it is made again until it is known to have been accepted. */
  readonly repeated: boolean;
  /** What it must be answered with while all is well: 202, or the refusal that it asks for. */
  readonly status: number;
}

type Shape = Partial<Omit<PlannedRequest, 'mark' | 'kind'>>;

const onPlaced = ['billing:steady', 'billing:flaky', 'shop:audit', 'ledger:book'];
const pay = { path: '/commands/billing/pay', endpoints: ['billing:pay'] };
const placed = { path: '/events/order.placed', endpoints: onPlaced };

/** The other version defers it. */
const ofNextVersion = (endpoint: string) => ({ endpoints: [`billing:${endpoint}`], deferrable: true });

const good: readonly (readonly [kind: string, weight: number, shape: (random: Random) => Shape])[] = [
  ['command', 30, () => pay],
  ['event', 25, () => placed],
  [
    'event to one service',
    5,
    () => ({ path: '/events/order.cancelled', endpoints: ['billing:steady', 'billing:flaky'] }),
  ],
  ['command to the next version', 3, () => ({ path: '/commands/billing/refund', ...ofNextVersion('refund') })],
  ['event to the next version', 3, () => ({ path: '/events/parcel.sent', ...ofNextVersion('parcel') })],
  ['event to nobody', 2, () => ({ path: '/events/nobody.listens' })],
  ['command with a key', 15, () => ({ ...pay, repeated: true })],
  ['event with a key', 8, () => ({ ...placed, repeated: true })],
  ['delayed command', 6, (random) => ({ ...pay, delayMs: random.between(100, 3000) })],
  ['delayed event', 3, (random) => ({ ...placed, delayMs: random.between(100, 3000) })],
  ['delayed command with a key', 3, (random) => ({ ...pay, repeated: true, delayMs: random.between(100, 3000) })],
  ['large command', 1, (random) => ({ ...pay, body: 'x'.repeat(random.between(100_000, 900_000)) })],
  // Fills the dead letter queue, and when that is full, the places of those that wait for it.
  ['command that nobody handles', 2, () => ({ path: '/commands/shop/pay', unhandleable: true })],
];

const mistakes: readonly (readonly [kind: string, shape: Shape & { status: number }])[] = [
  ['broken JSON', { body: '{"mark":', status: 400 }],
  ['reserved header', { headers: { 'message-header-x-death': '1' }, status: 400 }],
  ['reserved header in JSON', { headers: { 'message-headers': '{"ecotone_retry_number":3}' }, status: 400 }],
  ['broken header', { headers: { 'message-headers': '{"executorId":' }, status: 400 }],
  ['bad delay', { headers: { 'message-delay': 'soon' }, status: 400 }],
  ['bad id', { headers: { 'message-id': 'not-a-uuid' }, status: 400 }],
  ['wildcard in the key', { path: '/events/order.*', status: 400 }],
  ['unknown destination', { path: '/commands/nowhere/pay', status: 404 }],
  ['unknown route', { path: '/command/billing/pay', status: 404 }],
  ['wrong media type', { headers: { 'content-type': 'json' }, status: 415 }],
  ['foreign site', { headers: { origin: 'https://elsewhere.example' }, status: 403 }],
  ['body that is too large', { body: 'x'.repeat(1_100_000), status: 413 }],
];

const byWeight = good.flatMap((entry) => new Array<typeof entry>(entry[1]).fill(entry));

/** Makes up a request. One in twenty is a mistake of its caller. */
export function planRequest(mark: string, random: Random): PlannedRequest {
  if (random.chance(0.05)) {
    const [kind, shape] = random.pick(mistakes);
    // Where it goes by mistake is seen by whether a handler is called.
    return complete(mark, kind, random, { ...pay, endpoints: [], ...shape });
  }
  const [kind, , shape] = random.pick(byWeight);
  return complete(mark, kind, random, shape(random));
}

function complete(mark: string, kind: string, random: Random, shape: Shape): PlannedRequest {
  const { path = '/', endpoints = [], unhandleable = false, delayMs = 0, repeated = false, status = 202 } = shape;
  const { deferrable = false } = shape;
  const isWhole = shape.body === undefined || /^x+$/.test(shape.body);
  const exact = makeExactValues(random);
  return {
    mark,
    kind,
    path,
    endpoints,
    eventKey: path.startsWith('/events/') ? path.slice('/events/'.length) : undefined,
    unhandleable,
    delayMs,
    deferrable,
    repeated,
    status,
    exact: isWhole ? exactDigest(exact.body, exact.headers) : undefined,
    headers: {
      'content-type': 'application/json',
      'message-header-mark': mark,
      'message-headers': asciiJson(exact.headers),
      ...(repeated ? { 'idempotency-key': mark } : {}),
      ...(delayMs > 0 ? { 'message-delay': String(delayMs) } : {}),
      ...shape.headers,
    },
    body: isWhole ? exactJson({ mark, filler: shape.body ?? '', exact: exact.body }) : (shape.body as string),
  };
}

/** Returns JSON that an HTTP header can hold. */
function asciiJson(value: unknown): string {
  return exactJson(value).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
