import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Grants, permissionText, validateGrant } from '../../../src/http/auth/grants.ts';
import { namedPermissions, type Permission } from '../../../src/http/auth/permission.ts';
import { validateKey } from '../../../src/message/routing-key.ts';

const command = (destination: string, routingKey: string): Permission => ({ kind: 'command', destination, routingKey });
const event = (routingKey: string): Permission => ({ kind: 'event', routingKey });
const message = (destination: string, routingKey: string): Permission => ({ kind: 'message', destination, routingKey });

describe('a grant', () => {
  test.each<[string, Permission]>([
    ['command:billing/billing.changeDetails', command('billing', 'billing.changeDetails')],
    ['command:billing/billing.*', command('billing', 'billing.a.b')],
    ['command:billing/*', command('billing', 'a/b')],
    ['command:*/ping', command('any/thing', 'ping')],
    ['command:*', command('billing', 'x')],
    ['command:a%2Fb/c', command('a/b', 'c')],
    ['command:a%252Fb/c', command('a%2Fb', 'c')],
    ['command:a/b/c', command('a', 'b/c')],
    ['event:order.*', event('order.placed')],
    ['event:order.placed', event('order.placed')],
    ['event:*', event('a/b')],
    ['message:billing/import', message('billing', 'import')],
    ['message:*', message('billing', 'import')],
    ['dead-letters:*', 'dead-letters:delete'],
    ['dead-letters:read', 'dead-letters:read'],
    ['*', command('billing', 'x')],
    ['*', 'docs:read'],
  ])('%s gives %j', (grant, permission) => {
    expect(new Grants(['event:other', grant]).find(permission)).toBe(grant);
  });

  test.each<[string, Permission]>([
    ['command:billing/billing.*', command('billing2', 'billing.x')],
    ['command:billing/billing.*', command('billing', 'billingx')],
    ['command:billing/billing.*', command('billing', 'Billing.x')],
    ['command:billing/x', message('billing', 'x')],
    ['command:billing/x', event('billing/x')],
    ['command:a/b/c', command('a/b', 'c')],
    ['command:a%2Fb/c', command('a', 'b/c')],
    ['event:order.*', event('orders')],
    ['event:*', command('billing', 'x')],
    ['command:*', event('x')],
    ['dead-letters:*', 'deliveries:pull'],
    ['dead-letters:read', 'dead-letters:delete'],
    ['event:docs:read', 'docs:read'],
  ])('%s does not give %j', (grant, permission) => {
    expect(new Grants([grant]).find(permission)).toBeUndefined();
  });

  test.each([
    ['', 'no grant'],
    ['read', 'no grant'],
    ['**', 'no grant'],
    ['*:*', 'no grant'],
    ['commands:*', 'no grant'],
    ['dead-letters:reed', 'dead-letters:read'],
    ['Command:*', 'no grant'],
    [' command:*', 'no grant'],
    ['command:billing', 'no destination'],
    ['command:', 'no destination'],
    ['command:/x', 'destination that is empty'],
    ['command:billing/', 'routing key that is empty'],
    ['event:', 'routing key that is empty'],
    ['event:order.#', 'wildcard #'],
    ['event:a\nb', 'control character'],
  ])('%j is refused: %s', (grant, reason) => {
    expect(validateGrant(grant)).toContain(reason);
  });

  test('gives exactly the permission that its text is written of', () => {
    const key = fc
      .string({ unit: fc.constantFrom('a', '.', '/', '%', '2', 'F', ':', ' ') })
      .filter((text) => !validateKey(text));
    const any = fc.oneof(
      fc.tuple(key, key).map(([destination, routingKey]) => command(destination, routingKey)),
      key.map(event),
      fc.constantFrom(...namedPermissions),
    );
    fc.assert(
      fc.property(any, any, (one, other) => {
        const grants = new Grants([permissionText(one)]);
        expect(grants.find(one)).toBe(permissionText(one));
        expect(grants.find(other) !== undefined).toBe(JSON.stringify(one) === JSON.stringify(other));
      }),
    );
  });
});

describe('grants', () => {
  test('know whether any message can be sent', () => {
    expect(new Grants(['docs:read', 'dead-letters:*']).canSend()).toBe(false);
    expect(new Grants(['docs:read', 'event:order.placed']).canSend()).toBe(true);
    expect(new Grants(['event:order.placed']).canSend('command')).toBe(false);
    expect(new Grants(['*']).canSend('command')).toBe(true);
  });
});
