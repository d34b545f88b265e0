/**
 * Reads the token of a file.
 *
 * @throws Error that does not quote the token
 */
export function readToken(text: string): string {
  const token = text.trim();
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Error('the file holds no token of visible ASCII characters');
  return token;
}
