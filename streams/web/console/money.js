// Money is BigInt nano-dollars from the wire to the screen. Only the height of a bar is ever a floating number.

const NANO = 1_000_000_000n;

/** How many digits after the point a column of amounts needs, so that its largest has about five figures. */
export function digitsFor(amounts) {
  const largest = amounts.reduce((most, one) => (abs(one) > most ? abs(one) : most), 0n);
  if (largest >= 10n * NANO) return 2;
  if (largest >= NANO / 10n) return 4;
  return largest >= NANO / 1000n ? 6 : 9;
}

/** Dollars, rounded half away from zero: `dollars(-1_500_000_000n, 2) === "−1.50"`. */
export function dollars(nano, digits) {
  const unit = 10n ** BigInt(9 - digits);
  const rounded = (abs(nano) + unit / 2n) / unit;
  const scale = 10n ** BigInt(digits);
  const whole = (rounded / scale).toLocaleString("en-US");
  const rest = digits ? "." + (rounded % scale).toString().padStart(digits, "0") : "";
  return (nano < 0n && rounded ? "−" : "") + whole + rest;
}

/** Dollars in a sentence: `$12,345.68`, `$0.000699`. */
export function headline(nano) {
  const digits = nano ? Math.min(6, digitsFor([nano])) : 2;
  return (nano < 0n ? "−$" : "$") + dollars(abs(nano), digits);
}

/** A share of two amounts, as a percentage. */
export const percentOf = (part, whole) => (whole ? percent(Number((part * 10_000n) / whole) / 10_000) : "–");

export const percent = (share, digits = 1) => `${(share * 100).toFixed(digits)}%`.replace("-", "−");

/** For a chart's eye. */
export const pixels = (nano) => Number(nano) / 1e9;

const abs = (nano) => (nano < 0n ? -nano : nano);
