export type {
  DeadLetter,
  HandledMessage,
  ObservedMessage,
  PublishedMessage,
} from './testing/observed-message.ts';
export type { TestSendOptions } from './testing/remote-service.ts';
export { startTestGateway, type TestGatewayOptions } from './testing/start-test-gateway.ts';
export type { TestGateway } from './testing/test-gateway.ts';
