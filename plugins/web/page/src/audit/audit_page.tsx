// Who looked for whom, newest first.
import { FormEvent, useEffect, useState } from "react";
import { get, Query } from "api/client";
import { AuditCheck, AuditEntry, AuditPage as Answer, Criteria } from "api/types";
import { day_and_clock, day_and_time, local_input, number } from "base/format";
import { visible } from "base/hostile";
import { use_loaded, use_title } from "base/hooks";
import { go, link } from "base/route";
import { Trouble, Waiting } from "parts/notice";
import { is_time_field, params_of } from "search/query";
import { use_words } from "words";

const page_size = 50;
const filters = ["user", "text", "action", "from", "to"];

function input_of(time: string | null): string {
  return time && !Number.isNaN(Date.parse(time)) ? local_input(time) : "";
}

// What was searched for, in words, as a link to the same search.
function Searched({ criteria }: { criteria: Criteria }) {
  const w = use_words();
  const fields: Record<string, string> = w.search.field;
  const known: Record<string, string> = w.status;
  const worded = (name: string, value: string) =>
    name === "status" ? known[value] ?? value : is_time_field(name) ? day_and_time(value) : visible(value || w.null_sender);
  const parts = Object.entries(criteria).filter(([name]) => name in fields);
  if (parts.length === 0) return <span className="muted">{w.audit.everything}</span>;
  return (
    <a href={link("search", params_of(criteria))}>
      <bdi>{parts.map(([name, value]) => `${fields[name]}: ${[value].flat().map((one) => worded(name, one)).join(", ")}`).join("; ")}</bdi>
    </a>
  );
}

function About({ entry }: { entry: AuditEntry }) {
  if (entry.criteria) return <Searched criteria={entry.criteria} />;
  if (!entry.mail) return <bdi>{visible(entry.what ?? "")}</bdi>;
  return (
    <a href={link(`mail/${entry.mail}`)}>
      <bdi>{visible(entry.addresses?.join(", ") || entry.mail)}</bdi>
    </a>
  );
}

// Whether the record can be trusted.
function Check() {
  const w = use_words();
  const { value, error } = use_loaded((signal) => get<AuditCheck>("audit/check", {}, signal), []);
  if (error !== undefined) return <Trouble error={error} />;
  if (!value) return null;
  return (
    <p className={value.whole ? "muted" : "notice tone_bad"} role={value.whole ? undefined : "alert"}>
      {value.whole ? w.audit.whole(number(value.entries)) : w.audit.broken(value.broken ? day_and_clock(value.broken) : "?")}
    </p>
  );
}

function Entry({ entry }: { entry: AuditEntry }) {
  const w = use_words();
  const actions: Record<string, string> = w.audit.actions;
  return (
    <tr>
      <td className="audit_time">
        <time dateTime={entry.time}>{day_and_clock(entry.time)}</time>
      </td>
      <th scope="row">{visible(entry.user)}</th>
      <td>{actions[entry.action] ?? entry.action}</td>
      <td className="audit_what">
        <About entry={entry} />
      </td>
      <td className="right" data-label={w.audit.results}>{entry.results === undefined ? "" : number(entry.results)}</td>
      <td className="muted" data-label={w.audit.from}>{entry.address}</td>
    </tr>
  );
}

export function AuditPage({ query }: { query: URLSearchParams }) {
  const w = use_words();
  const [user, set_user] = useState(query.get("user") ?? "");
  const [text, set_text] = useState(query.get("text") ?? "");
  const [action, set_action] = useState(query.get("action") ?? "");
  const [from, set_from] = useState(input_of(query.get("from")));
  const [to, set_to] = useState(input_of(query.get("to")));
  const asked = query.toString();
  const wanted: Query = { limit: page_size };
  for (const name of filters) wanted[name] = query.get(name) || undefined;
  const first = use_loaded((signal) => get<Answer>("audit", wanted, signal), [asked]);
  const [older, set_older] = useState<Answer[]>([]);
  const [trouble, set_trouble] = useState<unknown>();
  use_title(w.audit.title);
  useEffect(() => set_older([]), [asked]);
  const pages = first.value ? [first.value, ...older] : [];
  const next = pages[pages.length - 1]?.next;
  const more = () => get<Answer>("audit", { ...wanted, after: next ?? undefined }).then((page) => set_older([...older, page]), set_trouble);
  const send = (event: FormEvent) => {
    event.preventDefault();
    const wish: Record<string, string> = {};
    if (user.trim()) wish.user = user.trim();
    if (text.trim()) wish.text = text.trim();
    if (action) wish.action = action;
    if (from) wish.from = new Date(from).toISOString();
    if (to) wish.to = new Date(to).toISOString();
    go(link("audit", wish));
  };
  const entries = pages.flatMap((page) => page.entries);
  return (
    <div className="audit">
      <div className="page_head">
        <div>
          <h1>{w.audit.title}</h1>
          <p className="lead">{w.audit.lead}</p>
          <Check />
        </div>
      </div>
      <form className="in_line" onSubmit={send}>
        <label>
          {w.audit.filter_user}
          <input name="user" value={user} autoCapitalize="none" onChange={(event) => set_user(event.target.value)} />
        </label>
        <label>
          {w.audit.filter_text}
          <input name="text" value={text} autoCapitalize="none" onChange={(event) => set_text(event.target.value)} />
        </label>
        <label>
          {w.audit.action}
          <select name="action" value={action} onChange={(event) => set_action(event.target.value)}>
            <option value="">{w.audit.all}</option>
            {Object.entries(w.audit.actions).map(([name, word]) => (
              <option key={name} value={name}>
                {word}
              </option>
            ))}
          </select>
        </label>
        <label>
          {w.audit.filter_from}
          <input name="from" type="datetime-local" value={from} onChange={(event) => set_from(event.target.value)} />
        </label>
        <label>
          {w.audit.filter_to}
          <input name="to" type="datetime-local" value={to} onChange={(event) => set_to(event.target.value)} />
        </label>
        <button className="primary">{w.search.find}</button>
      </form>
      {(trouble ?? first.error) !== undefined && <Trouble error={trouble ?? first.error} again={first.reload} />}
      {first.loading && <Waiting />}
      {first.value && entries.length === 0 && <p className="muted">{w.audit.none}</p>}
      {entries.length > 0 && (
        <div className="card table_frame audit_entries" tabIndex={0} role="region" aria-label={w.audit.title}>
          <table>
            <thead>
              <tr>
                {[w.audit.time, w.audit.user, w.audit.action, w.audit.what].map((word) => (
                  <th key={word} scope="col">
                    {word}
                  </th>
                ))}
                <th scope="col" className="right">
                  {w.audit.results}
                </th>
                <th scope="col">{w.audit.from}</th>
              </tr>
            </thead>
            <tbody>
              {entries.map((entry, index) => (
                <Entry key={index} entry={entry} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {next && (
        <button type="button" onClick={more}>
          {w.audit.older}
        </button>
      )}
    </div>
  );
}
