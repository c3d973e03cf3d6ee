const numbers = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const times = new Intl.DateTimeFormat('en-GB', { dateStyle: 'short', timeStyle: 'medium' });
const UNITS = [['s', 60], ['min', 60], ['h', 24], ['d', Infinity]];
const NOTHING = '–';

export const count = value => value === null || value === undefined ? NOTHING : numbers.format(value);

export const milliseconds = value =>
  value === null || value === undefined ? NOTHING : value < 10_000 ? `${numbers.format(value)} ms` : duration(value / 1000);

export const time = value => value === null || value === undefined ? NOTHING : times.format(new Date(value));

export function duration(seconds) {
  let value = Math.max(0, seconds);
  for (const [unit, size] of UNITS) {
    if (value < size) {
      return `${Math.floor(value)} ${unit}`;
    }

    value /= size;
  }
}
