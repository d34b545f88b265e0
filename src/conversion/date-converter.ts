import Type from 'typebox';
import { instance } from '../schema/instance.ts';
import { defineTypeConverter, type TypeConverter } from './type-converter.ts';

/** The treatment of the milliseconds of a `Date` that is written. */
export type DateFractions = 'cut' | 'keep';

const date = '(\\d{4})-(\\d\\d)-(\\d\\d)';
const time = '((?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d)(?:\\.(\\d+))?';
const offset = '(Z|[+-](?:[01]\\d|2[0-3]):?[0-5]\\d)';
// The format of RFC 3339 section 5.6, also with an offset like `+0000`, which PHP's DATE_ISO8601 writes; or a date
// alone.
const dateText = new RegExp(`^${date}(?:[T ]${time}${offset})?$`, 'i');

/** The last text and its time. Each text is read twice, for the check and for the conversion, so the time is cached. */
let last: { readonly text: string; readonly time: number } | undefined;

/** @returns undefined for a text that is no date, or one that a `Date` cannot hold, such as a leap second */
function readDate(text: string): Date | undefined {
  if (last?.text === text) return new Date(last.time);
  const read = readNewDate(text);
  if (read) last = { text, time: read.getTime() };
  return read;
}

function readNewDate(text: string): Date | undefined {
  const [match, year, month, day, time = '00:00:00', fraction = '', offset = 'Z'] = dateText.exec(text) ?? [];
  if (match === undefined || !isDayOfMonth(Number(year), Number(month), Number(day))) return undefined;
  const milliseconds = fraction.slice(0, 3).padEnd(3, '0');
  const zone = offset.length === 5 ? `${offset.slice(0, 3)}:${offset.slice(3)}` : offset.toUpperCase();
  const read = new Date(`${year}-${month}-${day}T${time}.${milliseconds}${zone}`);
  return Number.isNaN(read.getTime()) ? undefined : read;
}

/** Returns whether a day exists in its month, because `Date` accepts 30 February as the second of March. */
function isDayOfMonth(year: number, month: number, day: number): boolean {
  const isLeapYear = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, isLeapYear ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return day >= 1 && day <= (days[month - 1] ?? 0);
}

const DateText = Type.Refine(
  Type.String({ title: 'date-time' }),
  (text) => readDate(text) !== undefined,
  () => 'must be a date-time such as 2026-12-01T09:00:00+00:00, or a date',
);

/**
 * Converts a date-time of RFC 3339 or PHP, such as `2026-03-01T09:30:00+01:00`, to the `Date` of that moment. Digits
 * beyond milliseconds are cut. A date alone is its midnight in UTC.
 */
export const textToDate = defineTypeConverter({
  from: DateText,
  to: instance(Date),
  convert: (text) => readDate(text) as Date,
});

const DateTime = Type.String({ format: 'date-time', title: 'date-time' });

/**
 * Returns the converter from a `Date` to a date-time in UTC, as PHP writes and reads it: `2026-12-01T09:00:00+00:00`,
 * without a fraction that is zero. Ecotone's JMS converter reads no fraction at all. The converter throws for an
 * invalid `Date`.
 */
export function dateToText(fractions: DateFractions): TypeConverter {
  return defineTypeConverter({
    from: instance(Date),
    to: DateTime,
    convert(date) {
      const [seconds = '', fraction = ''] = date.toISOString().split(/[.Z]/);
      return `${seconds}${fractions === 'keep' && fraction !== '000' ? `.${fraction}` : ''}+00:00`;
    },
  });
}
