import Type from 'typebox';
import { instance } from './instance.ts';
import { defineTypeConverter } from './type-converter.ts';

// A date holds milliseconds, no leap second, and no name of a time zone.
const exact = /^[^[.]*(?:\.\d{1,3}0*)?(?:Z|[+-]\d\d:\d\d)$/i;

const DateTime = Type.String({ format: 'date-time', title: 'date-time' });
const ExactDateTime = Type.Refine(
  DateTime,
  (text) => exact.test(text) && !Number.isNaN(Date.parse(text)),
  () => 'must be a date-time of at most milliseconds',
);

/** A date-time as RFC 3339 writes it, such as `2026-03-01T09:30:00+01:00`, to the `Date` of that moment. */
export const textToDate = defineTypeConverter({
  from: ExactDateTime,
  to: instance(Date),
  convert: (text) => new Date(text),
});

/** A `Date` to a date-time in UTC. One that is not valid throws. */
export const dateToText = defineTypeConverter({
  from: instance(Date),
  to: DateTime,
  convert: (date) => date.toISOString(),
});
