import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createGateway } from '../../src/gateway/gateway.ts';
import { listenFailure, listeningAddress } from '../../src/http/listening-address.ts';
import { caught } from '../caught.ts';

function gatewayOn(http: { readonly host?: string; readonly port?: number }) {
  const gateway = createGateway(
    { service: 'billing', logLevel: 'silent', http: { port: 0, ...http } },
    { environment: {} },
  );
  onTestFinished(() => gateway.stop());
  return gateway;
}

describe('a gateway that cannot listen says why', () => {
  test('where the host name is not known', async () => {
    const error = await caught(() => gatewayOn({ host: 'nowhere.invalid' }).listen());
    expect(error.code).toBe('invalid-configuration');
    expect(error.message).toMatch(
      /^Cannot listen on 'nowhere\.invalid': (?:that name is not known|the name service does not answer) \(getaddrinfo .*\)\. Set HOST \(http\.host\) to an address of this machine/,
    );
  });

  test('where the address is not one of this machine', async () => {
    const error = await caught(() => gatewayOn({ host: '192.0.2.1' }).listen());
    expect(error.message).toBe(
      'Cannot listen on 192.0.2.1:0: that is no address of this machine. Set HOST (http.host) to one that is.',
    );
  });

  test('where the port is in use', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    const error = await caught(() => gatewayOn({ port }).listen());
    expect(error.message).toMatch(/^Cannot listen on 127\.0\.0\.1:\d+: the port is in use\. Set PORT /);
  });

  test.each([
    [
      'EACCES',
      '127.0.0.1',
      80,
      /^Cannot listen on 127\.0\.0\.1:80: it is not allowed\. Set PORT \(http\.port\) to 1024 or more\.$/,
    ],
    ['EAFNOSUPPORT', '::1', 80, /^Cannot listen on \[::1\]:80: this machine has no IPv6\. /],
    ['EINVAL', 'fe80::1', 80, /^Cannot listen on \[fe80::1\]:80: .*fe80::1%eth0/],
  ])('where the system says %s', (code, address, port, message) => {
    const error = Object.assign(new Error('listen failed'), { code });
    expect(listenFailure(error, address, port).message).toMatch(message);
  });
});

test('an address is listened on as it is written', async () => {
  expect(await listeningAddress('::1')).toBe('::1');
  expect(await listeningAddress('127.0.0.1')).toBe('127.0.0.1');
});
