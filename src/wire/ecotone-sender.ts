import { Header, type MessageHeaders } from '../message/message-headers.ts';

/**
 * Returns whether an Ecotone application sent a message. Only Ecotone adds the PHP type of a payload, and since 1.326
 * the batch of a publish. No caller of littoral can set these headers, and none of them is inherited.
 */
export function isFromEcotone(headers: MessageHeaders): boolean {
  return Object.hasOwn(headers, Header.typeId) || Object.hasOwn(headers, Header.publishBatchId);
}

/**
 * Returns whether headers of a message can come from an Ecotone application: its own, and those that a handler
 * inherited.
 */
export function hasHeadersOfEcotone(headers: MessageHeaders): boolean {
  return isFromEcotone(headers) || Object.hasOwn(headers, Header.parentId);
}
