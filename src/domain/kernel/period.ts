/** How a program cuts time into settlement periods, in its own time zone. */
export type SettlementCalendar = 'weekly' | 'halfMonthly' | 'monthly' | 'onRequest';

/** A calendar month in some time zone, `YYYY-MM`. */
export type Month = string;

interface LocalDate {
  year: number;
  month: number;
  day: number;
}

const dayMs = 86_400_000;
const daysOfWeek = 7;
/** 1 to 15 is the first half of a month, the rest the second, whatever the month's length. */
const lastDayOfFirstHalf = 15;

/**
 * The month of an instant as the wall calendar of a zone shows it.
 * @param timeZone IANA name
 * @throws RangeError for an unknown zone
 */
export function monthOf(instant: Date, timeZone: string): Month {
  const { year, month } = localDate(instant, timeZone);
  return `${digits(year, 4)}-${digits(month, 2)}`;
}

/**
 * The period that ends at or contains a cutoff, as its label: `2026-W48` (ISO 8601 week),
 * `2026-11-H1`, `2026-11`, or the cutoff itself. A cutoff at the very start of a period closes the
 * one before it: nothing of the new period has happened yet.
 * @throws RangeError for an unknown zone
 */
export function settlementPeriod(
  cutoffAt: Date,
  calendar: SettlementCalendar,
  timeZone: string,
): string {
  if (calendar === 'onRequest') return cutoffAt.toISOString();
  const lastInstant = new Date(cutoffAt.getTime() - 1);
  switch (calendar) {
    case 'weekly':
      return isoWeek(localDate(lastInstant, timeZone));
    case 'halfMonthly': {
      const { day } = localDate(lastInstant, timeZone);
      return `${monthOf(lastInstant, timeZone)}-H${day <= lastDayOfFirstHalf ? 1 : 2}`;
    }
    case 'monthly':
      return monthOf(lastInstant, timeZone);
  }
}

/** The months of a calendar year from January up to and with this one. */
export function monthsOfYearUntil(month: Month): Month[] {
  const { year, number } = monthParts(month);
  return Array.from({ length: number }, (_, index) => `${digits(year, 4)}-${digits(index + 1, 2)}`);
}

/** The month before, across the turn of the year. */
export function monthBefore(month: Month): Month {
  const { year, number } = monthParts(month);
  return number === 1 ? `${digits(year - 1, 4)}-12` : `${digits(year, 4)}-${digits(number - 1, 2)}`;
}

/** The month after, across the turn of the year. */
export function monthAfter(month: Month): Month {
  const { year, number } = monthParts(month);
  return number === 12
    ? `${digits(year + 1, 4)}-01`
    : `${digits(year, 4)}-${digits(number + 1, 2)}`;
}

/**
 * A month from its first instant to before the first of the next month, as the wall calendar of a
 * zone cuts it.
 * @param timeZone IANA name
 * @throws RangeError for an unknown zone
 */
export function monthSpan(month: Month, timeZone: string): { from: Date; to: Date } {
  return { from: monthStart(month, timeZone), to: monthStart(monthAfter(month), timeZone) };
}

function monthStart(month: Month, timeZone: string): Date {
  const { year, number } = monthParts(month);
  return startOfDate({ year, month: number, day: 1 }, timeZone);
}

/**
 * The first moment after this one at which a settlement period ends (and the next one begins), on the
 * wall calendar of a zone: Monday, the 1st or the 16th, the 1st. Undefined on request: nothing ends
 * by itself there.
 * @throws RangeError for an unknown zone
 */
export function nextPeriodEnd(
  after: Date,
  calendar: SettlementCalendar,
  timeZone: string,
): Date | undefined {
  if (calendar === 'onRequest') return undefined;
  return startOfDate(firstDateOfNext(localDate(after, timeZone), calendar), timeZone);
}

/** The date on which the period after that of a date begins. */
function firstDateOfNext(
  { year, month, day }: LocalDate,
  calendar: Exclude<SettlementCalendar, 'onRequest'>,
): LocalDate {
  switch (calendar) {
    case 'weekly':
      return dateOfUtc(
        Date.UTC(year, month - 1, day + daysOfWeek - weekdayOf({ year, month, day })),
      );
    case 'halfMonthly':
      if (day <= lastDayOfFirstHalf) return { year, month, day: lastDayOfFirstHalf + 1 };
      return dateOfUtc(Date.UTC(year, month, 1));
    case 'monthly':
      return dateOfUtc(Date.UTC(year, month, 1));
  }
}

/**
 * A day from its first instant to before the first of the next day, in a zone; it may have 23 or 25
 * hours.
 * @throws RangeError for an unknown zone
 */
export function daySpan(instant: Date, timeZone: string): { from: Date; to: Date } {
  const { year, month, day } = localDate(instant, timeZone);
  const next = dateOfUtc(Date.UTC(year, month - 1, day + 1));
  return {
    from: startOfDate({ year, month, day }, timeZone),
    to: startOfDate(next, timeZone),
  };
}

// No zone is further than a day from UTC; the wall clock may skip midnight, so the first instant is
// looked for and not calculated from an offset.
function startOfDate(date: LocalDate, timeZone: string): Date {
  const utc = Date.UTC(date.year, date.month - 1, date.day);
  const format = calendarOf(timeZone);
  let before = (utc - dayMs) / 1000;
  let within = (utc + dayMs) / 1000;
  while (within - before > 1) {
    const middle = Math.floor((before + within) / 2);
    const local = dateBy(format, new Date(middle * 1000));
    if (Date.UTC(local.year, local.month - 1, local.day) < utc) before = middle;
    else within = middle;
  }
  return new Date(within * 1000);
}

function dateOfUtc(utc: number): LocalDate {
  const date = new Date(utc);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

/** Monday is 0, as in ISO 8601. */
function weekdayOf({ year, month, day }: LocalDate): number {
  return (new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 6) % daysOfWeek;
}

/** @throws RangeError when the text is no month */
export function monthParts(month: Month): { year: number; number: number } {
  const match = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(month);
  if (match === null) throw new RangeError(`${month} is not a month YYYY-MM`);
  return { year: Number(match[1]), number: Number(match[2]) };
}

function localDate(instant: Date, timeZone: string): LocalDate {
  return dateBy(calendarOf(timeZone), instant);
}

function calendarOf(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
  });
}

function dateBy(format: Intl.DateTimeFormat, instant: Date): LocalDate {
  const parts = format.formatToParts(instant);
  const part = (type: string) => Number(parts.find((each) => each.type === type)?.value);
  return { year: part('year'), month: part('month'), day: part('day') };
}

/** ISO 8601: weeks begin on Monday and belong to the year that has their Thursday. */
function isoWeek({ year, month, day }: LocalDate): string {
  const weekday = weekdayOf({ year, month, day });
  const thursday = new Date(Date.UTC(year, month - 1, day + 3 - weekday));
  const yearOfWeek = thursday.getUTCFullYear();
  const dayOfYear = (thursday.getTime() - Date.UTC(yearOfWeek, 0, 1)) / dayMs;
  return `${digits(yearOfWeek, 4)}-W${digits(Math.floor(dayOfYear / daysOfWeek) + 1, 2)}`;
}

function digits(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
