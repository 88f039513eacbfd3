// Who looked for whom, newest first.
import { FormEvent, useEffect, useState } from "react";
import { get } from "api/client";
import { AuditEntry, AuditPage as Answer } from "api/types";
import { day_and_clock, number } from "base/format";
import { visible } from "base/hostile";
import { use_loaded, use_title } from "base/hooks";
import { go, link } from "base/route";
import { Trouble, Waiting } from "parts/notice";
import { use_words } from "words";

const page_size = 50;

function Entry({ entry }: { entry: AuditEntry }) {
  const w = use_words();
  const actions: Record<string, string> = w.audit.actions;
  return (
    <tr>
      <td>
        <time dateTime={entry.time}>{day_and_clock(entry.time)}</time>
      </td>
      <th scope="row">{visible(entry.user)}</th>
      <td>{actions[entry.action] ?? entry.action}</td>
      <td className="audit_what">
        <bdi>{visible(entry.what ?? "")}</bdi>
      </td>
      <td className="right">{entry.results === undefined ? "" : number(entry.results)}</td>
      <td className="muted">{entry.address}</td>
    </tr>
  );
}

export function AuditPage({ query }: { query: URLSearchParams }) {
  const w = use_words();
  const [user, set_user] = useState(query.get("user") ?? "");
  const [text, set_text] = useState(query.get("text") ?? "");
  const [action, set_action] = useState(query.get("action") ?? "");
  const asked = query.toString();
  const wanted = { user: query.get("user") || undefined, text: query.get("text") || undefined, action: query.get("action") || undefined, limit: page_size };
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
    go(link("audit", wish));
  };
  const entries = pages.flatMap((page) => page.entries);
  return (
    <div className="audit">
      <div className="page_head">
        <div>
          <h1>{w.audit.title}</h1>
          <p className="lead">{w.audit.lead}</p>
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
        <button className="primary">{w.search.find}</button>
      </form>
      {(trouble ?? first.error) !== undefined && <Trouble error={trouble ?? first.error} again={first.reload} />}
      {first.loading && <Waiting />}
      {first.value && entries.length === 0 && <p className="muted">{w.audit.none}</p>}
      {entries.length > 0 && (
        <div className="card table_frame" tabIndex={0} role="region" aria-label={w.audit.title}>
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
