// Copies a text with one click and says so.
import { useEffect, useState } from "react";
import { Icon, IconName } from "parts/icon";
import { use_words } from "words";

// Without a secure context (plain HTTP on a LAN) browsers have no clipboard object: then the old way.
export async function copy_text(text: string): Promise<void> {
  if (navigator.clipboard) {
    try {
      return await navigator.clipboard.writeText(text);
    } catch {
      // not allowed: the old way
    }
  }
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "unseen";
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

interface Given {
  text: string | (() => string);
  copied?: () => void;
  label?: string;
  className?: string;
  icon?: IconName;
  id?: string;
}
export function CopyButton({ text, copied, label, className = "", icon = "copy", id }: Given) {
  const w = use_words();
  const [done, set_done] = useState(false);
  useEffect(() => {
    if (!done) return undefined;
    const timer = window.setTimeout(() => set_done(false), 2500);
    return () => window.clearTimeout(timer);
  }, [done]);
  const copy = () =>
    copy_text(typeof text === "string" ? text : text()).then(() => {
      set_done(true);
      copied?.();
    });
  return (
    <button type="button" id={id} className={className} onClick={copy} aria-label={label ? undefined : w.copy}>
      <Icon name={done ? "check" : icon} />
      {label && <span>{done ? w.copied : label}</span>}
      <span className="unseen" role="status">
        {done ? w.copied : ""}
      </span>
    </button>
  );
}
