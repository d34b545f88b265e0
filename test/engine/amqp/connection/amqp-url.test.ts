import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAmqpUrl, validateAmqpUrl } from '../../../../src/engine/amqp/connection/amqp-url.ts';

describe('the URL of the broker', () => {
  test.each<[string, object]>([
    ['amqp://h', { protocol: 'amqp', hostname: 'h', port: 5672, vhost: '%2F' }],
    ['amqps://h', { protocol: 'amqps', hostname: 'h', port: 5671, vhost: '%2F' }],
    ['amqp://h/', { vhost: '%2F' }],
    ['amqp://h/%2f', { vhost: '%2f' }],
    ['amqp://h/%2Fa', { vhost: '%2Fa' }],
    ['amqp://h/a', { vhost: 'a' }],
    ['AMQP://h:1', { protocol: 'amqp', port: 1 }],
    ['amqp://h:65535/a', { port: 65_535 }],
    ['amqp://[::1]:5673/a', { hostname: '::1', port: 5673 }],
    ['amqp://u:p@h', { username: 'u', password: 'p' }],
    ['amqp://u@h', { username: 'u', password: '' }],
    ['amqp://u%40a:p%2F%23%25%3A%20ż@h', { username: 'u@a', password: 'p/#%: ż' }],
    ['amqp://u:p:w@h', { password: 'p:w' }],
    [' amqp://h\n', { hostname: 'h' }],
  ])('is read: %s', (url, connect) => {
    expect(parseAmqpUrl(url).connect).toMatchObject(connect);
  });

  test('has no user where none is written', () => {
    expect(parseAmqpUrl('amqp://h').connect).not.toHaveProperty('username');
  });

  test('is shown without user and password', () => {
    expect(parseAmqpUrl('amqp://user:hunter2@h:1/%2Fa').display).toBe('amqp://h:1/%2Fa');
  });

  test.each<[string, RegExp]>([
    ['h:5672', /^not an AMQP URL; expected amqp:\/\/host:5672\/vhost with user:password@ before the host/],
    ['hunter2', /^not an AMQP URL; expected/],
    ['http://h:15672', /scheme is 'http'; expected amqp:\/\//],
    ['amqp+ssl://user:hunter2@h', /scheme is 'amqp\+ssl'; .*or amqps:\/\/ for TLS/],
    ['amqp://', /without a host/],
    ['amqp:///vhost', /without a host/],
    ['amqp://user:hunter2@', /without a host/],
    ['amqp://:5672', /without a host/],
    ['amqp://h:0', /port 0 .* from 1 to 65535/],
    ['amqp://h:65536', /port 65536 .* from 1 to 65535/],
    ['amqp://h:99999999999999999999', /port 9999999999 /],
    ['amqp://h:abc', /host or port is not valid/],
    ['amqp://[::1', /host or port is not valid/],
    ['amqp://::1', /host or port is not valid/],
    ['amqp://bröker', /xn--/],
    ['amqp://user:hunter2%@h', /percent-encoding in the user or password .* % as %25/],
    ['amqp://user:hunter2%ff@h', /percent-encoding in the user or password/],
    ['amqp://h/%zz', /percent-encoding in the vhost/],
    ['amqp://h/%ff', /percent-encoding in the vhost/],
    ['amqp://user:hunter2@x@h', /an @ in the user or password .* %40/],
    ['amqp://user:12#hunter2@h', /@ after the host.*# as %23/],
    ['amqp://user:12/hunter2@h/v', /@ after the host.*\/ as %2F/],
    ['amqp://user:12?hunter2@h/v', /@ after the host.*\? as %3F/],
    ['amqp://user:hunter2/x@h/v', /@ after the host/],
    ['amqp://h/a@b', /in the vhost write @ as %40/],
    ['amqp://h/..', /a vhost named/],
    ['amqp://h/a/%2E/b?x=1', /a vhost named/],
    ['amqp://h/a#b', /a # .* %23/],
    ['amqp://user:hunter 2@h', /white space .* %20/],
    ['amqp://user:hunter\t2@h', /white space/],
    ['amqp://:hunter2@h', /a password without a user/],
  ])('is refused in words, without its password: %s', (url, issue) => {
    const issues = validateAmqpUrl(url);
    expect(issues).toEqual([expect.stringMatching(issue)]);
    expect(issues.join()).not.toMatch(/hunter/);
    expect(() => parseAmqpUrl(url)).toThrow(issues[0]);
  });

  test.each<[string, RegExp]>([
    ['heartbeat=30', /'heartbeat'.*broker\.heartbeatSeconds/],
    ['connection_timeout=30', /broker\.connectTimeoutMs/],
    ['verify=verify_none', /'verify'.*always verified.*broker\.caFile/],
    ['cacertfile=/ca.pem', /broker\.caFile \(AMQP_CA_FILE\)/],
    ['certfile=/a.pem', /broker\.certFile \(AMQP_CERT_FILE\)/],
    ['keyfile=/a.pem', /broker\.keyFile \(AMQP_KEY_FILE\)/],
    ['auth_mechanism=external', /broker\.certFile.*EXTERNAL/],
    ['channelMax=7', /'channelMax'.*what the broker offers/],
    ['frame_max=4096', /'frame_max'.*what the broker offers/],
    ['server_name_indication=a', /the host in the URL/],
    ['name=me', /littoral:<service>/],
    ['a_new_one=1', /'a_new_one'.*leave it out/],
    ['=1', /the parameter ''/],
  ])('is refused with a parameter, by its name and with the remedy: %s', (query, issue) => {
    expect(validateAmqpUrl(`amqp://h/v?${query}`)).toEqual([expect.stringMatching(issue)]);
  });

  test('is refused with every parameter at once, and with none of their values', () => {
    const issues = validateAmqpUrl('amqp://h?heartbeat=1&heartbeat=2&password=hunter2');
    expect(issues).toHaveLength(2);
    expect(issues.join()).not.toContain('hunter2');
  });

  test('decodes every user, password and vhost that is encoded', () => {
    const text = fc.string({ unit: 'binary', minLength: 1 }).filter((value) => value.isWellFormed());
    fc.assert(
      fc.property(text, text, text, (user, password, vhost) => {
        // Two that a URL cannot hold.
        if (vhost === '.' || vhost === '..') return;
        const [u, p, v] = [user, password, vhost].map(encodeURIComponent);
        const { connect, vhost: decoded } = parseAmqpUrl(`amqp://${u}:${p}@h/${v}`);
        expect([connect.username, connect.password, decoded]).toEqual([user, password, vhost]);
      }),
    );
  });

  test('is read or refused, whatever it is', () => {
    const part = fc.constantFrom('amqp://', 'amqps:', '/', ':', '@', '?', '#', '[', ']', '%', '%41', '65536', ' ', 'a');
    fc.assert(
      fc.property(fc.array(fc.oneof(part, fc.string()), { maxLength: 12 }), (parts) => {
        const url = `amqp://${parts.join('')}`;
        const issues = validateAmqpUrl(url);
        if (issues.length === 0) expect(parseAmqpUrl(url).connect.hostname).not.toBe('');
      }),
    );
  });
});
