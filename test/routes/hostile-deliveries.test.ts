import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyText } from '../arbitraries.ts';
import { eventually } from '../broker/eventually.ts';
import { deadLettersOf, done, pull, pullOne, runPulled, send, stateOf } from '../delivery/pull-client.ts';

const number = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.constantFrom(0, 1, -1, 1e308, 2 ** 31, 2 ** 53, 60_001, 600_001, 0.5),
  fc.constantFrom('1', null, true, [], {}),
);
const lease = fc.oneof(
  fc.constantFrom('', 'x', '__proto__', 'constructor', 'x'.repeat(64), 'x'.repeat(65)),
  fc.stringMatching(/^[\w-]{32}$/),
  anyText,
  fc.jsonValue(),
);
const leases = fc.oneof(fc.array(lease, { maxLength: 4 }), fc.jsonValue());
const entry = fc.oneof(
  fc.record({ lease, delayMs: number, reason: fc.oneof(anyText, fc.jsonValue()) }, { requiredKeys: [] }),
  fc.jsonValue(),
);
const entries = fc.oneof(fc.array(entry, { maxLength: 4 }), fc.jsonValue());
const requests = fc.oneof(
  fc
    .record(
      { max: number, waitMs: fc.constantFrom(0, 1, -1, 60_001, '0'), leaseMs: number, endpoint: lease },
      { requiredKeys: ['waitMs'] },
    )
    .map((body) => ['pull', body] as const),
  fc
    .record({ done: leases, retry: entries, reject: entries }, { requiredKeys: [] })
    .map((body) => ['settle', body] as const),
  fc.record({ leases, leaseMs: number }, { requiredKeys: [] }).map((body) => ['extend', body] as const),
);
const bodies = fc.oneof(
  requests.map(([route, body]) => [route, JSON.stringify(body)] as const),
  fc.tuple(fc.constantFrom('settle', 'extend'), fc.oneof(fc.json(), anyText, fc.constant('['.repeat(100_000)))),
  fc.tuple(
    fc.constantFrom('settle', 'extend'),
    fc.constantFrom('{"done":["x"],"done":["y"]}', '{"__proto__":{"done":[]}}'),
  ),
);

describe('any request for deliveries', () => {
  test('is answered or refused, and settles no lease that it does not name', async () => {
    const gateway = await runPulled({ leaseMs: 600_000 });
    for (let amount = 0; amount < 3; amount++) await send(gateway, { amount });
    const held = [await pullOne(gateway), await pullOne(gateway), await pullOne(gateway)];
    await fc.assert(
      fc.asyncProperty(bodies, async ([route, body]) => {
        const response = await fetch(`${gateway.address}/deliveries/${route}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body,
        });
        const text = await response.text();
        expect([200, 400], text).toContain(response.status);
        const answer = JSON.parse(text);
        if (response.status === 400) expect(['malformed-request', 'malformed-body']).toContain(answer.code);
        else if (route === 'pull') expect(answer).toEqual({ deliveries: [] });
        else for (const { result } of answer.results) expect(result).toBe('unknown');
      }),
      { numRuns: 300 },
    );
    expect(await stateOf(gateway)).toMatchObject({ leases: 3, messagesWaiting: 0, pullsWaiting: 0 });
    for (const { lease } of held) {
      expect(await done(gateway, lease)).toMatchObject([{ result: 'settled', outcome: 'handled' }]);
    }
    await eventually(() => expect(gateway.unacknowledged()).toEqual([]));
    expect(await pull(gateway, { waitMs: 1 })).toEqual([]);
    expect(await deadLettersOf(gateway)).toEqual([]);
  });
});
