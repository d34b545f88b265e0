const maxLength = 8_192;

const secretNames = 'password|passwd|pwd|passphrase|secret|token|api[_-]?key|credential|signature';
const assignment = new RegExp(`(${secretNames})=[^\\s&;,"'<>]+`, 'gi');
const jsonField = new RegExp(`("[\\w-]{0,32}(?:${secretNames})"\\s{0,4}:\\s{0,4})"[^"]*"`, 'gi');
const authorization = /\b(bearer|basic)\s{1,4}(?=[\w.~+/-]{0,512}[\d=])[\w.~+/-]+=*/gi;

// The quotes of a refused value in the errors of V8 and Node. The value can be a payload.
const quotedJson = /(?:Unexpected token .{1,10}, )?(?:\.\.\.)?"[\s\S]*"(?:\.\.\.)? is not valid JSON/;
const quotedInteger = /Cannot convert [\s\S]* to a BigInt/;
const quotedArgument =
  /\bReceived (?!undefined\b|null\b|an instance of |function |type \w+ \()[\s\S]*|(?<=\bReceived type \w{1,10}) \([\s\S]*/;

/**
 * Returns the text of an error without what no log and no dead letter may hold: the user and the password in URLs, the
 * values of fields that are named like secrets, and the values that V8 and Node quote. At most 8,192 characters of it.
 */
export function withoutSecrets(text: string): string {
  let shown = text.length > maxLength ? withoutCutUrl(text.slice(0, maxLength)) : text;
  if (shown.includes('://')) shown = shown.replace(/\S+/g, withoutUserInfo);
  if (shown.includes('=')) shown = shown.replace(assignment, '$1=***');
  if (shown.includes('"')) shown = shown.replace(jsonField, '$1"***"');
  shown = shown.replace(authorization, '$1 ***');
  if (shown.includes('JSON')) shown = shown.replace(quotedJson, 'the text is not valid JSON');
  if (shown.includes('BigInt')) shown = shown.replace(quotedInteger, 'Cannot convert the value to a BigInt');
  if (shown.includes('Received')) {
    shown = shown.replace(quotedArgument, (found) => (found.startsWith(' (') ? '' : 'Received another value'));
  }
  return shown;
}

/** The end that was cut off can hold the `@` by which a password is recognised. */
function withoutCutUrl(text: string): string {
  const last = text.lastIndexOf('://');
  return last !== -1 && !/[\s@]/.test(text.slice(last)) ? text.slice(0, last) : text;
}

/** @param word can hold several URLs; a password that is not encoded can hold anything but white space */
function withoutUserInfo(word: string): string {
  const lastAt = word.lastIndexOf('@');
  let shown = '';
  let copied = 0;
  for (let mark = word.indexOf('://'); mark !== -1 && mark < lastAt; mark = word.indexOf('://', mark + 3)) {
    const begin = mark + 3;
    if (begin < copied) continue;
    const end = endOfUserInfo(word, begin, lastAt, /https?$|wss?$/i.test(word.slice(Math.max(0, mark - 5), mark)));
    if (end === undefined) continue;
    shown += `${word.slice(copied, begin)}***`;
    copied = end;
  }
  return shown + word.slice(copied);
}

/** @returns the place of the `@`; undefined where the URL has no user */
function endOfUserInfo(word: string, begin: number, lastAt: number, isWeb: boolean): number | undefined {
  // Elsewhere than in the addresses of pages, an @ belongs to a user.
  if (!isWeb) return lastAt;
  const length = word.slice(begin).search(/[/?#]/);
  const authority = length === -1 ? word.slice(begin) : word.slice(begin, begin + length);
  if (authority.includes('@')) return begin + authority.lastIndexOf('@');
  // The text behind the colon is a port, or the beginning of a password that contains a slash.
  return /^(?:\[[^\]]*\]|[^:[]*)(?::\d*)?$/.test(authority) ? undefined : lastAt;
}
