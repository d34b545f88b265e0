import { openApiDocument } from '../../openapi/generate.ts';
import { type ErrorCode, errorTable, type Outcome } from '../../src/errors.ts';
import { errorRemedies } from './error-remedies.ts';

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly description?: string;
}

interface Operation {
  readonly summary: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly responses: Readonly<Record<string, unknown>>;
}

/** The request headers of all routes, and those without a name of their own. */
const generalHeaders: Readonly<Record<string, string>> = {
  Authorization: '`Bearer` and a token, for routes that require one.',
  'Content-Type': 'The media type of the body, which the message keeps.',
  'Message-Header-…': 'A header of your own: `Message-Header-Some-Name` becomes the message header `someName`.',
};

/** The headers of answers, by their names in lower case; those of HTTP itself, such as `date`, are left out. */
export const answerHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': 'On the pages of `/docs`: permits scripts and styles only from the gateway.',
  allow: 'On 405: the methods of the route.',
  location: 'On a redirect: the first page of `/docs`.',
  'message-id': 'On 202, and on an error whose message may have been sent: the id of the message.',
  ratelimit: 'With `limits`: the remaining tokens of each limit, and the seconds until its bucket is full again.',
  'ratelimit-policy': 'With `limits`: the limits that apply to the request.',
  'retry-after': 'On an error that a later attempt may not get: the seconds to wait.',
  'x-content-type-options': 'Always `nosniff`.',
};

/** Returns the text of docs/http.md. */
export async function httpPage(): Promise<string> {
  const { paths } = JSON.parse(await openApiDocument()) as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  };
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, ...operation })),
  );
  return [
    introduction,
    '## Requests',
    table(['Request', 'Purpose', 'Statuses'], operations.map(requestRow)),
    '## Request headers',
    requestHeadersNote,
    table(['Header', 'Meaning'], requestHeaders(operations)),
    '## Answer headers',
    table(['Header', 'Meaning'], named(answerHeaders)),
    '## Errors',
    errorsNote,
    table(['Code', 'Status', 'Again?', 'Meaning', 'What to do'], errorRows()),
    '',
  ]
    .join('\n\n')
    .trimEnd()
    .concat('\n');
}

const introduction = `# HTTP

This page lists every request, header and error of the gateway. \`/openapi.json\` describes them for programs, with all
fields, and \`/docs\` shows them to people.`;

const requestHeadersNote = `The routes that send messages accept these headers. \`ce-…\` belong to
[CloudEvents](cloudevents.md). [Headers](headers.md) explains how they become headers of the message.`;

const errorsNote = `Each error is a problem document (RFC 9457) with its code as \`code\`. \`retryable\` says whether the same request can
succeed later. \`outcome\` is \`not-accepted\` if nothing was sent. It is \`unknown\` if the message may have been sent; these
codes have an asterisk. The table also has the codes of handlers and of the start, because dead letters and logs name
them.`;

function requestRow({ name, summary, responses }: Operation & { readonly name: string }): string[] {
  return [`\`${name}\``, `${summary}.`, Object.keys(responses).join(', ')];
}

function requestHeaders(operations: readonly Operation[]): string[][] {
  const headers = operations.flatMap(({ parameters = [] }) =>
    parameters.filter((parameter) => parameter.in === 'header'),
  );
  const described = Object.fromEntries(headers.map(({ name, description = '' }) => [name, description]));
  return named({ ...generalHeaders, ...described });
}

function named(texts: Readonly<Record<string, string>>): string[][] {
  return Object.entries(texts).map(([name, text]) => [`\`${name}\``, text]);
}

function errorRows(): string[][] {
  const rows = Object.entries(errorTable) as [
    ErrorCode,
    { status: number; retryable: boolean; title: string; outcome?: Outcome },
  ][];
  const sorted = rows.sort(([, one], [, other]) => one.status - other.status);
  return sorted.map(([code, { status, retryable, title, outcome }]) => {
    const mark = outcome === 'unknown' ? ' *' : '';
    return [`\`${code}\`${mark}`, String(status), retryable ? 'yes' : 'no', `${title}.`, errorRemedies[code] ?? ''];
  });
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}
