// What is searched for: between the address of the page, the API and the form.
import { Query } from "api/client";
import { Criteria, statuses } from "api/types";
import { visible } from "base/hostile";
import { Words } from "words/en";

export const text_fields = [
  "address",
  "sender",
  "recipient",
  "message_id",
  "queue_id",
  "queue_id_connect",
  "queue_id_deliver",
  "received_from",
  "sent_to",
  "logged_by",
  "response",
  "sasl_user",
  "subject",
] as const;
export type TextField = typeof text_fields[number];

// Logs call a server "none" when none was reached.
export function server_name(name: string, w: Words): string {
  return name === "none" ? w.search.no_server : name;
}
export function shown_value(field: TextField, value: string, w: Words): string {
  if (value === "") return w.null_sender;
  return visible(field === "sent_to" ? server_name(value, w) : value);
}
export const time_fields = ["connect_from", "connect_to", "deliver_from", "deliver_to"] as const;
export type TimeField = typeof time_fields[number];
export const quick_times = ["any", "2h", "today", "yesterday", "7d"] as const;
export type QuickTime = typeof quick_times[number];
export const page_sizes = [10, 25, 50, 100];
export const sorts = ["time", "sender", "recipient", "status"] as const;

// Names of the API; besides: `time`, a quick time that stays true tomorrow, and `page`, only to be shown.
export type Params = URLSearchParams;

export function is_text_field(name: string): name is TextField {
  return (text_fields as readonly string[]).includes(name);
}
export function is_time_field(name: string): name is TimeField {
  return (time_fields as readonly string[]).includes(name);
}

export function quick_range(time: string, now = new Date()): { from?: Date; to?: Date } {
  const midnight = (days: number) => new Date(now.getFullYear(), now.getMonth(), now.getDate() + days);
  switch (time) {
    case "2h":
      return { from: new Date(now.getTime() - 2 * 3600_000) };
    case "today":
      return { from: midnight(0) };
    case "yesterday":
      return { from: midnight(-1), to: midnight(0) };
    case "7d":
      return { from: midnight(-6) };
    default:
      return {};
  }
}

export function statuses_of(params: Params): string[] {
  const known: readonly string[] = statuses;
  return (params.get("status") ?? "").split(",").filter((status) => known.includes(status));
}
export function page_size_of(params: Params, otherwise: number): number {
  const size = Number(params.get("limit"));
  return page_sizes.includes(size) ? size : otherwise;
}
export function sort_of(params: Params): typeof sorts[number] {
  return sorts.find((sort) => sort === params.get("sort")) ?? "time";
}
// Newest first, but A to Z.
export function order_of(params: Params): "asc" | "desc" {
  const order = params.get("order");
  if (order === "asc" || order === "desc") return order;
  return sort_of(params) === "time" ? "desc" : "asc";
}

// Only what limits the search.
export function criteria_of(params: Params, now = new Date()): Query {
  const query: Query = {};
  for (const name of text_fields) {
    const value = params.get(name);
    if (value !== null && (value !== "" || name === "sender")) query[name] = value;
  }
  const chosen = statuses_of(params);
  if (chosen.length) query.status = chosen.join(",");
  const { from, to } = quick_range(params.get("time") ?? "", now);
  if (from) query.connect_from = from.toISOString();
  if (to) query.connect_to = to.toISOString();
  for (const name of time_fields) {
    const value = params.get(name);
    if (value && !Number.isNaN(Date.parse(value))) query[name] = new Date(value).toISOString();
  }
  return query;
}
const other_names: Record<string, readonly string[] | null> = {
  time: quick_times,
  sort: sorts,
  order: ["asc", "desc"],
  limit: page_sizes.map(String),
  after: null,
  page: null,
  focus: null,
};
// What stands in the address and means nothing: an address typed by hand, cut by a mail program, or of another version.
export function left_out_of(params: Params): [string, string][] {
  const known: readonly string[] = statuses;
  const out: [string, string][] = [];
  for (const [name, value] of params) {
    if (is_text_field(name) || value === "") continue;
    if (is_time_field(name)) {
      if (Number.isNaN(Date.parse(value))) out.push([name, value]);
    } else if (name === "status") {
      const wrong = value.split(",").filter((status) => status !== "" && !known.includes(status));
      if (wrong.length) out.push([name, wrong.join(", ")]);
    } else if (!(name in other_names) || other_names[name]?.includes(value) === false) {
      out.push([name, value]);
    }
  }
  return out;
}
export function api_query(params: Params, now = new Date()): Query {
  const query = criteria_of(params, now);
  query.sort = sort_of(params);
  query.order = order_of(params);
  const after = params.get("after");
  if (after) query.after = after;
  return query;
}
export function has_criteria(params: Params): boolean {
  return Object.keys(criteria_of(params)).length > 0;
}

// Another search than before starts at its first page.
export function changed(params: Params, changes: Record<string, string | null>): Params {
  const next = new URLSearchParams(params);
  for (const name of ["after", "page", "focus"]) next.delete(name);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) next.delete(name);
    else next.set(name, value);
  }
  return next;
}
// Criteria of the server (an understanding, a near miss, a bar of the overview) as parameters of the page.
export function params_of(criteria: Criteria): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, value] of Object.entries(criteria)) {
    if (is_text_field(name) || is_time_field(name) || name === "status") out[name] = Array.isArray(value) ? value.join(",") : String(value);
  }
  return out;
}
// What was looked for goes, how it is listed stays; time and status stay unless `criteria` say otherwise.
export function searched_anew(params: Params, criteria: Criteria): Params {
  const next = new URLSearchParams();
  for (const name of ["time", "status", ...time_fields, "sort", "order", "limit"]) {
    const value = params.get(name);
    if (value !== null) next.set(name, value);
  }
  const wanted = params_of(criteria);
  if (time_fields.some((name) => name in wanted)) ["time", ...time_fields].forEach((name) => next.delete(name));
  Object.entries(wanted).forEach(([name, value]) => next.set(name, value));
  return next;
}
// A new question in the box: the form's fields were about the question before. The time stays, it is chosen beside the box.
export function asked_anew(params: Params, criteria: Criteria): Params {
  return searched_anew(changed(params, { status: null }), criteria);
}
// What limited the search before, `known` (what the box itself asked for) left out.
export function fields_of(params: Params, known: Criteria = {}): Criteria {
  const out: Criteria = {};
  const left_out = params_of(known);
  for (const name of [...text_fields, "status"]) {
    const value = params.get(name);
    if (value && left_out[name] !== value) out[name] = value;
  }
  return out;
}
// The same search for somebody who opens it tomorrow.
export function pinned(params: Params, now = new Date()): Params {
  const next = changed(params, { time: null });
  const { from, to } = quick_range(params.get("time") ?? "", now);
  if (from) {
    next.set("connect_from", from.toISOString());
    next.set("connect_to", (to ?? now).toISOString());
  }
  return next;
}
