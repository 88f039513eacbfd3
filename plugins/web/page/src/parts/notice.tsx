// What is said instead of content: waiting, an error, nothing there.
import { ReactNode } from "react";
import { Problem } from "api/client";
import { use_title } from "base/hooks";
import { link } from "base/route";
import { Icon } from "parts/icon";
import { use_words } from "words";
import { Words } from "words/en";

export function Waiting() {
  const w = use_words();
  return (
    <p className="waiting" role="status">
      <span className="spinner" aria-hidden="true" /> {w.loading}
    </p>
  );
}

export function problem_text(error: unknown, w: Words): string {
  if (!(error instanceof Problem)) return w.problems.internal;
  const words: Record<string, unknown> = w.problems;
  const known = words[error.type];
  const text = typeof known === "string" ? known : w.problems.internal;
  return error.retry_after ? `${text} ${w.problems.wait(error.retry_after)}` : text;
}

// What will be the same the next time: nobody is asked to try it again.
const lasting = ["not_found", "forbidden", "invalid", "method_not_allowed", "too_large"];

export function Trouble({ error, again }: { error: unknown; again?: () => void }) {
  const w = use_words();
  const detail = error instanceof Problem && ["invalid", "conflict", "internal"].includes(error.type) ? error.detail : "";
  return (
    <div className="notice tone_bad" role="alert">
      <Icon name="warn" />
      <div>
        <p>{problem_text(error, w)}</p>
        {detail && <p className="notice_detail">{detail}</p>}
        {again && !(error instanceof Problem && lasting.includes(error.type)) && (
          <button type="button" onClick={again}>
            {w.try_again}
          </button>
        )}
      </div>
    </div>
  );
}

// A page that is not there, or not for this account: instead of the page, with nothing to press that would not work.
export function NoPage({ words }: { words: string }) {
  const w = use_words();
  use_title(words);
  return (
    <div className="no_page">
      <Notice tone="waiting">
        <h1>{words}</h1>
        <a href={link("search")}>{w.to_search}</a>
      </Notice>
    </div>
  );
}

export function Notice({ tone = "neutral", children }: { tone?: string; children: ReactNode }) {
  return (
    <div className={`notice tone_${tone}`} role="status">
      <Icon name={tone === "good" ? "done" : tone === "neutral" ? "dots" : "warn"} />
      <div>{children}</div>
    </div>
  );
}
