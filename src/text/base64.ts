// RFC 4648 section 4.
const base64Text = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Decodes base64. @returns undefined for a text that is not base64, which `Buffer.from` would decode in part */
export function decodeBase64(text: string): Buffer | undefined {
  return base64Text.test(text) ? Buffer.from(text, 'base64') : undefined;
}
