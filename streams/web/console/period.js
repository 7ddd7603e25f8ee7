// The period that is looked at, and how its instants are written. All of it in UTC, as the ledger has it.

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** `{since, until, step}` of a choice: days back from now, or the month that runs. */
export function period(choice, now = Date.now()) {
  if (choice === "month") return { since: iso(monthOf(now)), step: "day" };
  const days = Number(choice);
  const from = days === 1 ? now - (now % HOUR) - 23 * HOUR : now - (now % DAY) - (days - 1) * DAY;
  return { since: iso(from), step: days === 1 ? "hour" : "day" };
}

export const hourOf = (now) => now - (now % HOUR);
export const iso = (at) => new Date(at).toISOString();

/** `Sep 21`, or `14:00` of an hour. */
export function tick(at, step) {
  const parts = step === "hour" ? { hour: "2-digit", minute: "2-digit", hour12: false } : { month: "short", day: "numeric" };
  return written(at, parts);
}

/** `Sep 21, 14:13`. */
export const moment = (at) => written(at, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false });

function monthOf(now) {
  const day = new Date(now);
  return Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), 1);
}

const written = (at, parts) => new Intl.DateTimeFormat("en-US", { timeZone: "UTC", ...parts }).format(at);
