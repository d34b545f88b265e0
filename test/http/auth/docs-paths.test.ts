import { request } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { createGateway } from '../../../src/gateway/gateway.ts';
import { quiet } from '../gateway-fixture.ts';
import { bearer, keyOf, keysOf } from './callers.ts';

/** Asks for a path exactly as it is written. Clients such as fetch resolve its dots. */
function statusOf(address: string, path: string): Promise<number | undefined> {
  const { hostname, port } = new URL(address);
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, path, headers: bearer(keyOf('reader')) }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    asked.on('error', reject).end();
  });
}

test('a caller with access to the documents cannot read anything else through a path below them', async () => {
  const auth = { keys: keysOf({ reader: ['docs:read'] }) };
  const gateway = createGateway({ service: 'shop', http: { port: 0 }, auth }, quiet);
  onTestFinished(() => gateway.stop());
  await gateway.start();
  const address = await gateway.listen();
  expect(await statusOf(address, '/docs/')).toBe(200);
  expect(await statusOf(address, '/dead-letters')).toBe(403);
  const { host } = new URL(address);
  for (const path of ['dead-letters', 'endpoints', 'metrics', 'readyz', 'openapi.json']) {
    for (const way of ['/docs/../', '/docs/%2e%2e/', '/docs/../../', '/docs/x/../../', `http://${host}/docs/../`]) {
      expect(await statusOf(address, `${way}${path}`), `${way}${path}`).toBe(404);
    }
  }
});
