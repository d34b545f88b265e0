import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { connect } from 'amqplib';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { parseAmqpUrl } from '../../../../src/engine/amqp/connection/amqp-url.ts';
import { connectFailure } from '../../../../src/engine/amqp/connection/connect-failure.ts';
import { connectArguments } from '../../../../src/engine/amqp/connection/connect-options.ts';
import type { TlsFiles } from '../../../../src/file/tls-files.ts';
import { authority, certificate, type Pair, PemFolder } from '../../../certificates.ts';

const folder = new PemFolder();
let ca: Pair;
let caFile: string;
beforeAll(async () => {
  ca = await authority();
  caFile = folder.write('ca.pem', ca.cert);
});
afterAll(() => folder.remove());

async function portOf(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** A port where each client is treated in this way. */
function portThat(treats: (socket: Socket) => void): Promise<number> {
  return portOf(
    createServer((socket) => {
      socket.on('error', () => {});
      treats(socket);
    }),
  );
}

function tlsPort(options: TlsOptions): Promise<number> {
  return portOf(createTlsServer(options, (socket) => void socket.on('error', () => {})));
}

/** Why this URL cannot be connected to. */
async function failureOf(url: string, tlsFiles: TlsFiles = {}, connectTimeoutMs = 60_000): Promise<string> {
  const address = parseAmqpUrl(url);
  const options = { address, name: 'test', role: 'test', heartbeatSeconds: 5, connectTimeoutMs, tlsFiles };
  const error = await connect(...connectArguments(options)).then(
    () => new Error('it connected'),
    (reason) => reason,
  );
  return connectFailure(error, options);
}

describe('a connection that is not made says why', () => {
  test('where nothing listens', async () => {
    expect(await failureOf('amqp://127.0.0.1:1')).toMatch(
      /^nothing listens there \(connect ECONNREFUSED .*\)\. Correct host and port/,
    );
  });

  test('where the host name is not known', async () => {
    expect(await failureOf('amqp://nowhere.invalid')).toMatch(
      /^(?:the host name 'nowhere\.invalid' is not known|the name service does not answer for the host name 'nowhere\.invalid') \(getaddrinfo /,
    );
  });

  test('where an HTTP server listens', async () => {
    const server = createHttpServer();
    const port = await portOf(server);
    expect(await failureOf(`amqp://127.0.0.1:${port}`)).toMatch(
      /^an HTTP server answers there, not a broker.*15672.*5672/,
    );
  });

  test('where another server listens', async () => {
    const port = await portThat((socket) => socket.on('data', () => socket.write('-ERR unknown command\r\n')));
    expect(await failureOf(`amqp://127.0.0.1:${port}`)).toMatch(/^what listens there is not an AMQP broker/);
  });

  test('where a broker speaks another version of AMQP', async () => {
    const port = await portThat((socket) => socket.end('AMQP\0\x01\0\0'));
    expect(await failureOf(`amqp://127.0.0.1:${port}`)).toMatch(/another version of AMQP than 0-9-1/);
  });

  test('where nothing is said', async () => {
    const port = await portThat(() => {});
    expect(await failureOf(`amqp://127.0.0.1:${port}`, {}, 50)).toMatch(
      /^nothing there answered within 50 ms\. .*firewalls/,
    );
  });

  test.each(['end', 'resetAndDestroy'] as const)('where the connection ends at once: %s', async (how) => {
    const port = await portThat((socket) => socket[how]());
    expect(await failureOf(`amqp://127.0.0.1:${port}`)).toMatch(
      /^the other side ended the connection before it was open/,
    );
  });

  test('where the port expects TLS', async () => {
    const { cert, key } = await certificate('localhost', ca);
    const port = await tlsPort({ cert, key });
    expect(await failureOf(`amqp://localhost:${port}`)).toMatch(/expects? TLS.*amqps:\/\//);
  });

  test('where the port has no TLS', async () => {
    const port = await portThat((socket) => socket.end('AMQP\0\0\x09\x01'));
    expect(await failureOf(`amqps://localhost:${port}`)).toMatch(
      /^what listens there speaks no TLS\. Write amqp:\/\/ .* \(wrong version number\)$/,
    );
  });

  test.each<[string, () => Promise<Pair>, RegExp]>([
    [
      'is signed by itself',
      () => certificate('localhost'),
      /^the certificate of the broker is signed by itself\. .*AMQP_CA_FILE/,
    ],
    [
      'is signed by another authority',
      async () => certificate('localhost', await authority('Another')),
      /authority that is not trusted\. .*AMQP_CA_FILE/,
    ],
    ['has expired', () => certificate('localhost', ca, -1), /has expired\. Renew it.* \(certificate has expired\)$/],
    [
      'is for another name',
      () => certificate('broker.example', ca),
      /is for another name than 'localhost' .*DNS:broker\.example/,
    ],
  ])('where the certificate of the broker %s', async (_, make, reason) => {
    const { cert, key } = await make();
    const port = await tlsPort({ cert, key });
    expect(await failureOf(`amqps://localhost:${port}`, { caFile })).toMatch(reason);
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'where a certificate of the client is demanded, with %s',
    async (version) => {
      const { cert, key } = await certificate('localhost', ca);
      const demands = { requestCert: true, rejectUnauthorized: true, ca: ca.cert };
      const port = await tlsPort({ cert, key, ...demands, minVersion: version, maxVersion: version });
      const failure = await failureOf(`amqps://localhost:${port}`, { caFile });
      expect(failure).toMatch(
        /^the broker demands a certificate of its clients\. .*AMQP_CERT_FILE|ended the connection/,
      );
    },
  );

  test('where both have no version of TLS in common', async () => {
    const { cert, key } = await certificate('localhost', ca);
    const port = await tlsPort({
      cert,
      key,
      minVersion: 'TLSv1.1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    expect(await failureOf(`amqps://localhost:${port}`, { caFile })).toMatch(/no version of TLS .*TLS 1\.2 or 1\.3/);
  });

  test('where a file for TLS is gone', async () => {
    expect(await failureOf('amqps://localhost:1', { caFile: '/nowhere' })).toBe(
      'broker.caFile: /nowhere does not exist',
    );
  });
});

describe('the words of the broker', () => {
  const options = {
    address: parseAmqpUrl('amqp://shop:hunter2@h/orders'),
    connectTimeoutMs: 1,
  };
  const closed = (code: number, text: string) =>
    new Error(`Connection closed: ${code} (A-NAME) with message "${text}"`);

  test.each<[string, Error, RegExp]>([
    [
      'a shutdown',
      closed(320, "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'"),
      /^the broker is shutting down \(320 /,
    ],
    [
      'a close by hand',
      closed(320, 'CONNECTION_FORCED - Closed via management plugin'),
      /^an operator closed the connection at the broker \(320 /,
    ],
    [
      'a vhost that is down',
      closed(541, "INTERNAL_ERROR - access to vhost 'orders' refused: vhost 'orders' is down"),
      /^the vhost 'orders' is down .*restart_vhost/,
    ],
    [
      'channels',
      closed(
        530,
        "NOT_ALLOWED - number of channels opened for user 'shop' has reached the maximum allowed user limit of (1)",
      ),
      /^the broker allows too few channels .*max-channels/,
    ],
    [
      'something else',
      closed(505, 'UNEXPECTED_FRAME - expected content body'),
      /^the broker closed the connection \(505 UNEXPECTED_FRAME - expected content body\)$/,
    ],
    ['no word', new Error('Unexpected close'), /^the connection ended without a reason/],
    ['silence', new Error('Heartbeat timeout'), /^the broker was silent for two heartbeats/],
  ])('become plain for %s', (_, error, text) => {
    expect(connectFailure(error, options)).toMatch(text);
  });

  test('never hold the password', () => {
    expect(connectFailure(closed(403, 'ACCESS_REFUSED - shop:hunter2 is wrong'), options)).toMatch(
      /^the broker refuses the login \(403 ACCESS_REFUSED - shop:\*\*\* is wrong\)\. Correct user and password in the URL: it was the user 'shop'$/,
    );
  });
});
