// The form: few fields at first, all of them on demand, and the two windows of time.
import { FormEvent, useState } from "react";
import { Status, statuses } from "api/types";
import { local_input } from "base/format";
import { recall, remember } from "base/store";
import { StatusPill } from "parts/status";
import { changed, Params, quick_times, statuses_of, TextField, text_fields, TimeField, time_fields } from "search/query";
import { use_words } from "words";

export function QuickTimes({ query, change }: { query: Params; change: (changes: Record<string, string | null>) => void }) {
  const w = use_words();
  const own = Boolean(query.get("connect_from") || query.get("connect_to"));
  const chosen = own ? "own" : query.get("time") ?? "any";
  return (
    <div className="switch quick_times" role="group" aria-label={w.search.field.time}>
      {quick_times.map((time) => (
        <button
          key={time}
          type="button"
          aria-pressed={chosen === time}
          onClick={() => change({ time: time === "any" ? null : time, connect_from: null, connect_to: null })}
        >
          {w.search.times[time]}
        </button>
      ))}
    </div>
  );
}

type Draft = Record<TextField | TimeField, string> & { status: string[] };

function draft_of(query: Params): Draft {
  const draft = { status: statuses_of(query) } as Draft;
  for (const name of text_fields) draft[name] = query.get(name) ?? "";
  for (const name of time_fields) {
    const value = query.get(name);
    draft[name] = value && !Number.isNaN(Date.parse(value)) ? local_input(value) : "";
  }
  return draft;
}

const simple: TextField[] = ["sender", "recipient"];
const extended: TextField[] = text_fields.filter((name) => !simple.includes(name));
const hinted: Partial<Record<TextField, "address" | "response" | "server" | "subject">> = {
  sender: "address",
  recipient: "address",
  address: "address",
  response: "response",
  received_from: "server",
  sent_to: "server",
  subject: "subject",
};

export function Filters({ query, open }: { query: Params; open: (next: Params) => void }) {
  const w = use_words();
  const [draft, set_draft] = useState(() => draft_of(query));
  const used = extended.some((name) => query.get(name)) || Boolean(query.get("deliver_from") || query.get("deliver_to"));
  const [all, set_all] = useState(used || recall("all_fields") === "open");
  const put = (name: string, value: string | string[]) => set_draft({ ...draft, [name]: value });

  const send = (event: FormEvent) => {
    event.preventDefault();
    const changes: Record<string, string | null> = { status: draft.status.join(",") || null };
    for (const name of text_fields) {
      const before_null = name === "sender" && query.get("sender") === "" && draft.sender === "";
      changes[name] = before_null ? "" : draft[name].trim() || null;
    }
    // A field shows no seconds: one that nobody changed keeps the time it stands for.
    const shown = draft_of(query);
    for (const name of time_fields)
      changes[name] = draft[name] === shown[name] ? query.get(name) : draft[name] ? new Date(draft[name]).toISOString() : null;
    if (changes.connect_from || changes.connect_to) changes.time = null;
    open(changed(query, changes));
  };
  const toggle = (status: Status) =>
    put("status", draft.status.includes(status) ? draft.status.filter((other) => other !== status) : [...draft.status, status]);
  const text_input = (name: TextField) => {
    const hint = hinted[name];
    return (
      <label key={name}>
        {w.search.field[name]}
        <input
          name={name}
          type="text"
          autoCapitalize="none"
          autoComplete="off"
          spellCheck={false}
          value={draft[name]}
          placeholder={hint ? w.search.hint[hint] : undefined}
          onChange={(event) => put(name, event.target.value)}
        />
      </label>
    );
  };
  const window_of = (from: TimeField, to: TimeField, legend: string) => (
    <fieldset className="time_window">
      <legend>{legend}</legend>
      <label>
        {w.search.from}
        <input
          name={from}
          type="datetime-local"
          value={draft[from]}
          onChange={(event) => put(from, event.target.value)}
        />
      </label>
      <label>
        {w.search.until}
        <input name={to} type="datetime-local" value={draft[to]} onChange={(event) => put(to, event.target.value)} />
      </label>
    </fieldset>
  );
  return (
    <form id="filters" className="filters card" onSubmit={send} aria-label={w.search.filters}>
      <div className="fields">{simple.map(text_input)}</div>
      <div className="fields">
        {window_of("connect_from", "connect_to", w.search.came_in)}
        {all && window_of("deliver_from", "deliver_to", w.search.delivered_when)}
      </div>
      {all && <div className="fields">{extended.map(text_input)}</div>}
      <fieldset className="status_choice">
        <legend>{w.search.field.status}</legend>
        {statuses.map((status) => (
          <label key={status} className="status_box">
            <input
              type="checkbox"
              name="status"
              value={status}
              checked={draft.status.includes(status)}
              onChange={() => toggle(status)}
            />
            <StatusPill status={status} />
          </label>
        ))}
      </fieldset>
      <div className="form_end">
        <button className="primary">{w.search.apply}</button>
        <button
          type="button"
          className="quiet"
          aria-expanded={all}
          onClick={() => {
            remember("all_fields", all ? null : "open");
            set_all(!all);
          }}
        >
          {all ? w.search.fewer_fields : w.search.more_fields}
        </button>
      </div>
    </form>
  );
}
