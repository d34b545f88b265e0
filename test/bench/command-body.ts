const command = {
  personId: '6f7d3a52-9c1e-4f0b-8a57-2d1b8f0e4c11',
  billing: { iban: 'DE02120300000000202051', currency: 'EUR', dueInDays: 14, reminders: true },
  lines: [
    { article: 'A-1001', amount: 2, price: 19.9 },
    { article: 'B-2040', amount: 1, price: 249 },
    { article: 'C-0007', amount: 12, price: 0.35 },
  ],
  note: '',
};

/** The JSON that every subject sends: 1024 bytes. */
export const commandBody = JSON.stringify({ ...command, note: 'n'.repeat(1024 - JSON.stringify(command).length) });

/** The same command as an entry of a batch or a stream. */
export const entry = {
  kind: 'command',
  destination: 'billing',
  routingKey: 'billing.changeDetails',
  payload: JSON.parse(commandBody),
};
