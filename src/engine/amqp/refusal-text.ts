import type { AmqpAddress } from './connection/amqp-url.ts';

const maxTextLength = 400;
/** Minimum length of a password that is replaced in a text. A shorter one could be a part of any word. */
const minPasswordLength = 4;

/**
 * Returns why the broker closed a connection, or did not open it, and what to do: without the last full stop, the
 * broker's own words in parentheses.
 *
 * @param code of its `connection.close`, which is one of AMQP for several reasons
 */
export function refusalText(code: number, replyText: string, address: AmqpAddress): string {
  const { vhost } = address;
  const user = address.connect.username;
  const said = `(${code} ${shown(replyText, address)})`;
  const login = user === undefined ? 'this connection' : `the user '${user}'`;
  if (/vhost .* is down/.test(replyText)) {
    return `the vhost '${vhost}' is down at the broker ${said}. Look at the broker's log; rabbitmqctl restart_vhost starts it again`;
  }
  if (/vhost .* not found/.test(replyText)) {
    return `the broker has no vhost '${vhost}' ${said}. Create it with rabbitmqctl add_vhost, or correct the path of the URL`;
  }
  if (/vhost .* is deleted/.test(replyText)) {
    return `the vhost '${vhost}' was deleted at the broker ${said}. Create it with rabbitmqctl add_vhost, or correct the path of the URL`;
  }
  if (/user .* (?:is|was) deleted/.test(replyText)) {
    return `${login} was deleted at the broker ${said}. Create it with rabbitmqctl add_user, or correct the user in the URL`;
  }
  if (code === 320) {
    return /shutdown/.test(replyText)
      ? `the broker is shutting down ${said}`
      : `an operator closed the connection at the broker ${said}`;
  }
  if (code === 541) {
    return `the broker failed with an internal error ${said}. Its log has the cause: often a queue without a majority of its nodes, or without an answer from its node; the gateway connects again by itself`;
  }
  if (/number of channels/.test(replyText)) {
    return `the broker allows too few channels ${said}. Raise max-channels of the user with rabbitmqctl set_user_limits, or channel_max of the broker`;
  }
  if (/limit/.test(replyText)) {
    return `the broker takes no more connections ${said}. Raise the limit with rabbitmqctl set_vhost_limits or set_user_limits, or end other connections; each gateway needs two, and one more while it browses dead letters`;
  }
  if (/access to vhost .* refused/.test(replyText)) {
    return `${login} may not use the vhost '${vhost}' ${said}. Allow it with rabbitmqctl set_permissions`;
  }
  if (code === 403) return `the broker refuses the login ${said}. ${loginRemedy(replyText, user)}`;
  return `the broker closed the connection ${said}`;
}

function loginRemedy(replyText: string, user: string | undefined): string {
  if (replyText.includes('EXTERNAL')) {
    return 'Create a user with the name that the certificate of broker.certFile states, or look at ssl_cert_login_from of the broker';
  }
  const who = user === undefined ? 'the user guest, as the URL has none' : `the user '${user}'`;
  const correct = `Correct user and password in the URL: it was ${who}`;
  return user === undefined || user === 'guest'
    ? `${correct}, who may log in only from the machine of the broker, unless loopback_users allows more`
    : correct;
}

/** The broker quotes names, but no password. A proxy in front of it can send any text. */
function shown(replyText: string, { connect: { username, password } }: AmqpAddress): string {
  const text = replyText.slice(0, maxTextLength).toWellFormed();
  const isHidden = password !== undefined && password.length >= minPasswordLength && password !== username;
  return isHidden ? text.replaceAll(password, '***') : text;
}
