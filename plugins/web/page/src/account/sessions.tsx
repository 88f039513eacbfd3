// Where one is logged in, and logging out there.
import { useState } from "react";
import { get, remove } from "api/client";
import { OwnSession } from "api/types";
import { ago } from "base/format";
import { visible } from "base/hostile";
import { use_loaded } from "base/hooks";
import { Icon } from "parts/icon";
import { Trouble, Waiting } from "parts/notice";
import { use_words } from "words";

// "Firefox, Linux" out of what the browser says about itself.
function browser_of(agent: string): string {
  const browser = /(Firefox|Edg|OPR|Chrome|Safari|curl)\b/.exec(agent)?.[1] ?? "";
  const system = /(Windows|Android|iPhone|iPad|Mac OS|Linux)/.exec(agent)?.[1] ?? "";
  const names: Record<string, string> = { Edg: "Edge", OPR: "Opera" };
  return [names[browser] ?? browser, system].filter(Boolean).join(", ") || agent.slice(0, 60);
}

export function Sessions() {
  const w = use_words();
  const sessions = use_loaded((signal) => get<{ sessions: OwnSession[] }>("sessions", {}, signal), []);
  const [trouble, set_trouble] = useState<unknown>();
  const end = (path: string) => remove(path).then(sessions.reload, set_trouble);
  const list = sessions.value?.sessions ?? [];
  return (
    <section className="card">
      <h2>{w.account.sessions}</h2>
      {(trouble ?? sessions.error) !== undefined && <Trouble error={trouble ?? sessions.error} again={sessions.reload} />}
      {!sessions.value && sessions.loading && <Waiting />}
      <ul className="plain_list">
        {list.map((session) => (
          <li key={session.id}>
            <Icon name="device" />
            <div className="plain_main">
              <strong>{visible(browser_of(session.agent ?? "")) || w.unknown}</strong> <bdi className="muted">{session.address}</bdi>
              <p className="muted">{session.current ? w.account.this_one : w.account.used(ago(session.last_used))}</p>
            </div>
            {!session.current && (
              <button type="button" onClick={() => end(`sessions/${encodeURIComponent(session.id)}`)}>
                {w.account.end}
              </button>
            )}
          </li>
        ))}
      </ul>
      {list.length > 1 && (
        <button type="button" onClick={() => end("sessions")}>
          {w.account.end_all}
        </button>
      )}
    </section>
  );
}
