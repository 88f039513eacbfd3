// Dates, numbers and sizes as the language writes them, in the time zone of the browser.
import { current_language } from "words";

const cache = new Map<string, Intl.DateTimeFormat>();
function formatter(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = current_language() + JSON.stringify(options);
  let found = cache.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(locale(), options);
    cache.set(key, found);
  }
  return found;
}
// English with days before months: most readers are in Europe.
export function locale(): string {
  return current_language() === "de" ? "de-DE" : "en-GB";
}
export function zone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

type When = string | Date;
function date(when: When): Date {
  return typeof when === "string" ? new Date(when) : when;
}
export function clock(when: When): string {
  return formatter({ hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(date(when));
}
export function short_clock(when: When): string {
  return formatter({ hour: "2-digit", minute: "2-digit" }).format(date(when));
}
export function long_day(when: When): string {
  return formatter({ weekday: "long", day: "numeric", month: "long", year: "numeric" }).format(date(when));
}
export function short_day(when: When): string {
  return formatter({ weekday: "short", day: "numeric", month: "short" }).format(date(when));
}
// As evidence of the server is written: "2026-11-23 20:12:21", "23.11.2026, 20:12:21".
export function day_and_clock(when: When): string {
  if (current_language() === "en") return `${day_key(when)} ${clock(when)}`;
  return formatter({ day: "2-digit", month: "2-digit", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(date(when));
}
export function day_and_time(when: When): string {
  return formatter({ weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }).format(date(when));
}
export function zone_name(when: When = new Date()): string {
  const parts = formatter({ timeZoneName: "short" }).formatToParts(date(when));
  return parts.find((part) => part.type === "timeZoneName")?.value ?? zone();
}
// The day as it is on the wall, to group by: "2026-11-23".
export function day_key(when: When): string {
  const d = date(when);
  return `${d.getFullYear()}-${String(d.getMonth() + 1).padStart(2, "0")}-${String(d.getDate()).padStart(2, "0")}`;
}
// What <input type="datetime-local"> takes.
export function local_input(when: When): string {
  const d = date(when);
  return `${day_key(d)}T${String(d.getHours()).padStart(2, "0")}:${String(d.getMinutes()).padStart(2, "0")}`;
}

export function number(value: number, digits = 0): string {
  return new Intl.NumberFormat(locale(), { maximumFractionDigits: digits }).format(value);
}
export function unit(value: number, name: string, digits = 0, style: "long" | "short" | "narrow" = "short"): string {
  return new Intl.NumberFormat(locale(), { style: "unit", unit: name, unitDisplay: style, maximumFractionDigits: digits }).format(value);
}
export function size(bytes: number): string {
  if (bytes < 1000) return unit(bytes, "byte");
  if (bytes < 1e6) return unit(bytes / 1e3, "kilobyte", bytes < 1e4 ? 1 : 0);
  return unit(bytes / 1e6, "megabyte", 1);
}
// "0.2 sec", "4 min 10 sec", "2 days 3 hr".
export function duration(seconds: number): string {
  if (seconds < 1) return unit(Math.round(seconds * 1000), "millisecond");
  if (seconds < 10) return unit(seconds, "second", 1);
  const steps: [number, string][] = [
    [86400, "day"],
    [3600, "hour"],
    [60, "minute"],
    [1, "second"],
  ];
  const rest = Math.round(seconds);
  const at = steps.findIndex(([length]) => rest >= length);
  const [length, name] = steps[at];
  const whole = Math.floor(rest / length);
  const next = steps[at + 1];
  const more = next ? Math.floor((rest % length) / next[0]) : 0;
  return unit(whole, name) + (more && whole < 10 ? ` ${unit(more, next[1])}` : "");
}
export function ago(when: When): string {
  const seconds = (date(when).getTime() - Date.now()) / 1000;
  const relative = new Intl.RelativeTimeFormat(locale(), { numeric: "auto" });
  const size_of = Math.abs(seconds);
  if (size_of < 60) return relative.format(Math.round(seconds), "second");
  if (size_of < 3600) return relative.format(Math.round(seconds / 60), "minute");
  if (size_of < 86400) return relative.format(Math.round(seconds / 3600), "hour");
  return relative.format(Math.round(seconds / 86400), "day");
}
