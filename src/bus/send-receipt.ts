/** The outcome of a message. A receipt exists only for a message that the broker has confirmed. */
export interface SendReceipt {
  /** The id of the message, a UUID. */
  readonly messageId: string;
  /** The correlation id of the message: the one that was given, else the id. */
  readonly correlationId: string;
  /** False only for an event without a subscriber. True for a delayed event, whose subscribers are not known yet. */
  readonly routed: boolean;
}
