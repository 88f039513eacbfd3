// What is said instead of content: waiting, an error, nothing there.
import { ReactNode } from "react";
import { Problem } from "api/client";
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

export function Trouble({ error, again }: { error: unknown; again?: () => void }) {
  const w = use_words();
  const detail = error instanceof Problem && ["invalid", "conflict", "internal"].includes(error.type) ? error.detail : "";
  return (
    <div className="notice tone_bad" role="alert">
      <Icon name="warn" />
      <div>
        <p>{problem_text(error, w)}</p>
        {detail && <p className="notice_detail">{detail}</p>}
        {again && (
          <button type="button" onClick={again}>
            {w.try_again}
          </button>
        )}
      </div>
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
