/** Returns why a URL cannot be that of an application, as a clause that quotes no secret; undefined if it can. */
export function applicationUrlIssue(text: unknown): string | undefined {
  if (typeof text !== 'string') return 'is not a text';
  if (!URL.canParse(text)) return 'is not a URL, such as http://127.0.0.1:8080';
  const { protocol, username, password, hash } = new URL(text);
  if (protocol !== 'http:' && protocol !== 'https:') return 'begins neither with http:// nor with https://';
  if (username !== '' || password !== '') return 'holds credentials; write the token into a file, and set tokenFile';
  return hash === '' ? undefined : 'holds a fragment (#…), which is never sent';
}
