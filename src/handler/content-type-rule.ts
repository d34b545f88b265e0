import { commonEssence, isValue, parseMediaType } from '../conversion/media-type.ts';
import { LittoralError } from '../errors.ts';
import type { Message } from '../message/message.ts';
import { Header } from '../message/message-headers.ts';
import { describeValue } from '../text/describe-value.ts';
import type { HandlerDefinition } from './handler-definition.ts';

type Rule = Pick<HandlerDefinition, 'contentType' | 'defaultContentType'>;

/** Describes the issue of the media types in the declaration of a handler. */
export function validateContentTypes({ contentType, defaultContentType }: Rule): string[] {
  const ofDefault = defaultContentType === undefined ? [] : [defaultContentType];
  return [...validateOption('contentType', accepted(contentType)), ...validateOption('defaultContentType', ofDefault)];
}

function validateOption(option: string, texts: readonly unknown[]): string[] {
  const issues = texts.filter(
    (text) => typeof text !== 'string' || parseMediaType(text)?.essence.includes('*') !== false,
  );
  return issues.map((text) => {
    const named = typeof text === 'string' ? `'${text.slice(0, 64)}'` : describeValue(text);
    return `its '${option}' names ${named}, which is not a media type; write one such as application/json`;
  });
}

/**
 * Applies the content types of a handler to its messages.
 *
 * @param handler as users know it, for the error
 * @returns a function that returns the message, with the default content type where it has none
 * @throws LittoralError `unsupported-media-type` at delivery, for a content type that the handler does not accept
 */
export function contentTypeRule(
  { contentType, defaultContentType }: Rule,
  handler: string,
): ((message: Message) => Message) | undefined {
  const essences = accepted(contentType).map((text) => parseMediaType(text)?.essence ?? '');
  // A message of the type text/xml is sent under the name that all programs know.
  const taken = new Set([...essences, ...essences.map(commonEssence)]);
  if (essences.length === 0 && defaultContentType === undefined) return undefined;
  return (message) => {
    const named = message.headers[Header.contentType] ?? defaultContentType;
    const mediaType = typeof named === 'string' ? parseMediaType(named) : undefined;
    // A value of this process has no media type.
    if (essences.length > 0 && !(mediaType && (isValue(mediaType) || taken.has(mediaType.essence)))) {
      const found = typeof named === 'string' ? `"${named.slice(0, 255)}"` : 'no content type';
      const detail = `The ${handler} takes ${essences.join(', ')}; the message has ${found}.`;
      throw new LittoralError('unsupported-media-type', detail);
    }
    if (named === undefined || named === message.headers[Header.contentType]) return message;
    return { ...message, headers: { ...message.headers, [Header.contentType]: named } };
  };
}

function accepted(contentType: Rule['contentType']): readonly string[] {
  if (contentType === undefined) return [];
  return Array.isArray(contentType) ? contentType : [contentType as string];
}
