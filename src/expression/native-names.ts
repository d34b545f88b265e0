/** The variables that a rewritten expression is given. No expression can write their names, which have a space. */
export const nativeNames = {
  message: ' message',
  run: ' run',
  call: ' call',
  reference: ' reference',
  parameter: ' parameter',
  children: ' children',
  clone: ' clone',
  matched: ' matched',
  wait: ' wait',
  inTurn: ' inTurn',
  object: ' object',
  concatenate: ' concatenate',
  range: ' range',
  list: ' list',
  rows: ' rows',
} as const;
