import { isLittoralError } from '../../../errors.ts';
import { errorText } from '../../../text/error-chain.ts';
import { withRemedy } from '../declaration-remedy.ts';
import { refusalText } from '../refusal-text.ts';
import type { ConnectFailureOptions } from './connect-options.ts';
import { type HandshakeAnswer, handshakeAnswer } from './handshake-answer.ts';
import { tlsFailureText } from './tls-failure-text.ts';

/**
 * Returns why a connection was not made, and what to do about it: one or more sentences without the last full stop. The
 * broker's own words stand in parentheses.
 */
export function connectFailure(error: unknown, options: ConnectFailureOptions): string {
  const { address } = options;
  // littoral's own errors need no explanation.
  if (isLittoralError(error)) return error.message.replace(/\.$/, '');
  const { replyCode, replyText, firstBytes }: HandshakeAnswer = handshakeAnswer(error) ?? closeOf(error) ?? {};
  if (replyCode !== undefined && replyText !== undefined) return refusalText(replyCode, replyText, address);
  const text = errorText(error);
  const other = firstBytes && otherProtocol(firstBytes);
  if (other) return `${other} (${text})`;
  return tlsFailureText(error, options) ?? socketFailure(error, text, options) ?? withRemedy(error, text);
}

/** Returns why an open connection ended, in the form of `connectFailure`. */
export function lossReason(error: unknown, options: ConnectFailureOptions): string {
  const { code } = Object(error) as { code?: unknown };
  if (typeof code === 'string' && lossCodes.has(code)) return `${abruptEnd} (${errorText(error)})`;
  return connectFailure(error, options);
}

/** The errors of a socket whose other side, or a device in between, has ended an open connection. */
const lossCodes: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ETIMEDOUT']);

const abruptEnd =
  'the connection ended without a reason. The broker was killed, or a proxy or firewall in between ended it';

/** Reads a close of the broker that came after the handshake, which amqplib writes into its message. */
function closeOf(error: unknown): { readonly replyCode: number; readonly replyText: string } | undefined {
  const { message } = Object(error) as { message?: unknown };
  const [, code, replyText] =
    /^Connection closed: (\d+) \([^)]*\) with message "([\s\S]*)"$/.exec(String(message)) ?? [];
  return code === undefined || replyText === undefined ? undefined : { replyCode: Number(code), replyText };
}

/** Returns what listens there in place of a broker, judged by the first bytes of its answer. */
function otherProtocol(firstBytes: string): string | undefined {
  // A record of TLS: an alert, or a part of the handshake.
  if (['\x15\x03', '\x16\x03'].includes(firstBytes.slice(0, 2))) {
    return 'the port expects TLS. Write amqps:// in the URL, or the port for plain AMQP, which is 5672 by default';
  }
  if (firstBytes.startsWith('HTTP/')) {
    return "an HTTP server answers there, not a broker. RabbitMQ's management listens on 15672, AMQP on 5672 and with TLS on 5671";
  }
  if (firstBytes.startsWith('AMQP')) {
    return 'the broker speaks another version of AMQP than 0-9-1, which littoral needs';
  }
  const isFrame = firstBytes.startsWith('\x01\0\0');
  return isFrame || firstBytes === ''
    ? undefined
    : 'what listens there is not an AMQP broker. Correct host and port in the URL';
}

function socketFailure(error: unknown, text: string, options: ConnectFailureOptions): string | undefined {
  const { address, connectTimeoutMs } = options;
  const { hostname = '', port = 0, protocol } = address.connect;
  const { code, message } = Object(error) as { code?: unknown; message?: unknown };
  const correct = 'Correct host and port in the URL, or look whether the broker runs there';
  switch (code ?? message) {
    case 'ECONNREFUSED':
      return `nothing listens there (${text}). ${correct}`;
    case 'ENOTFOUND':
      return `the host name '${hostname}' is not known (${text}). Correct it in the URL, or look at the name service of this machine`;
    case 'EAI_AGAIN':
      return `the name service does not answer for the host name '${hostname}' (${text}). It is asked again; look at the network and the name service of this machine`;
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EADDRNOTAVAIL':
      return `that address cannot be reached (${text}). Look at the network, or correct the host in the URL`;
    case 'EACCES':
    case 'EPERM':
      return `this process may not connect there (${text}). Look at the firewall of this machine`;
    case 'ETIMEDOUT':
    case 'connect ETIMEDOUT':
      return `nothing there answered within ${connectTimeoutMs} ms. ${portHint(port)}Look at firewalls, and at what listens there: it may not be an AMQP broker`;
    case 'ECONNRESET':
    case 'EPIPE':
    case 'Socket closed abruptly during opening handshake':
      return `the other side ended the connection before it was open (${text}). Its log says why: a broker with too many connections, a proxy without a broker behind it, or ${protocol === 'amqps' ? 'a port without TLS' : 'a port that expects TLS (amqps://)'}`;
    case 'Unexpected close':
      return abruptEnd;
    case 'Heartbeat timeout':
      return 'the broker was silent for two heartbeats (broker.heartbeatSeconds). It, or the network, does not answer';
    case 'No channels left to allocate':
      return `the broker allows too few channels on a connection (${text}). Raise its channel_max`;
    default:
      return mechanismFailure(text);
  }
}

function portHint(port: number): string {
  if (port !== 15_672 && port !== 15_671) return '';
  return `${port} is the port of RabbitMQ's management; AMQP has 5672, and with TLS 5671. `;
}

function mechanismFailure(text: string): string | undefined {
  const mechanism = /^SASL mechanism (\w+) is not provided/.exec(text)?.[1];
  if (mechanism === 'EXTERNAL') {
    return 'the broker takes no login by certificate (EXTERNAL). Enable its plugin rabbitmq_auth_mechanism_ssl and add EXTERNAL to auth_mechanisms, or put user and password into the URL';
  }
  if (mechanism === undefined) return undefined;
  return `the broker takes no login by password (${mechanism}). Add it to auth_mechanisms, or leave user and password out of the URL and set broker.certFile and broker.keyFile`;
}
