import { shorten } from '../../../text/shorten.ts';

const leaveOut = 'leave it out:';
const verified = `${leaveOut} the broker's certificate is always verified. Name the authority that signed it in broker.caFile (AMQP_CA_FILE)`;
const negotiated = `${leaveOut} littoral takes what the broker offers`;
const byCertificate =
  'set broker.certFile (AMQP_CERT_FILE) and broker.keyFile (AMQP_KEY_FILE), and leave out user and password, to log in by certificate (EXTERNAL)';

/** What there is in place of the query parameters that RabbitMQ's own clients and others read. In lower case. */
const instead: Readonly<Record<string, string>> = {
  heartbeat: 'set broker.heartbeatSeconds',
  connection_timeout: 'set broker.connectTimeoutMs',
  connect_timeout: 'set broker.connectTimeoutMs',
  timeout: 'set broker.connectTimeoutMs',
  cacertfile: 'set broker.caFile (AMQP_CA_FILE)',
  cafile: 'set broker.caFile (AMQP_CA_FILE)',
  certfile: 'set broker.certFile (AMQP_CERT_FILE)',
  keyfile: 'set broker.keyFile (AMQP_KEY_FILE)',
  password: 'a private key must not be encrypted, and the password of the user stands before the host',
  auth_mechanism: byCertificate,
  verify: verified,
  rejectunauthorized: verified,
  fail_if_no_peer_cert: verified,
  server_name_indication: `${leaveOut} the name that is verified is that of the host in the URL`,
  channel_max: negotiated,
  channelmax: negotiated,
  frame_max: negotiated,
  framemax: negotiated,
  maxframesize: negotiated,
  locale: `${leaveOut} it is en_US`,
  name: `${leaveOut} the connection is named littoral:<service>`,
  connection_name: `${leaveOut} the connection is named littoral:<service>`,
  vhost: 'write the vhost as the path: amqp://host/vhost',
  ssl: 'write amqps:// for TLS',
  tls: 'write amqps:// for TLS',
};

/** Returns the issue of the query of an AMQP URL, a clause for each parameter: littoral reads none. */
export function validateQuery(parameters: URLSearchParams): string[] {
  return [...new Set(parameters.keys())].map((name) => {
    const remedy = instead[name.toLowerCase()] ?? 'littoral reads no parameters of the URL, so leave it out';
    return `the parameter '${shorten(name, 40)}' in the AMQP URL; ${remedy}`;
  });
}
