// The raw log lines, asked for when they are opened.
import { useState } from "react";
import { get } from "api/client";
import { use_loaded } from "base/hooks";
import { visible } from "base/hostile";
import { CopyButton } from "parts/copy";
import { Trouble, Waiting } from "parts/notice";
import { use_words } from "words";

function Shown({ mail }: { mail: string }) {
  const w = use_words();
  const { value, error, reload } = use_loaded((signal) => get<{ lines: string[] }>(`mails/${mail}/lines`, {}, signal), [mail]);
  if (error !== undefined) return <Trouble error={error} again={reload} />;
  if (!value) return <Waiting />;
  if (value.lines.length === 0) return <p className="muted">{w.mail.no_lines}</p>;
  return (
    <div className="lines">
      <CopyButton className="quiet" text={value.lines.join("\n")} label={w.copy} />
      <pre tabIndex={0} aria-label={w.mail.lines} dir="ltr">
        {value.lines.map((line, index) => (
          <code key={index}>
            {visible(line)}
            {"\n"}
          </code>
        ))}
      </pre>
    </div>
  );
}

export function Lines({ mail }: { mail: string }) {
  const w = use_words();
  const [open, set_open] = useState(false);
  return (
    <details className="more" onToggle={(event) => set_open(event.currentTarget.open)}>
      <summary>{w.mail.lines}</summary>
      {open && <Shown mail={mail} />}
    </details>
  );
}
