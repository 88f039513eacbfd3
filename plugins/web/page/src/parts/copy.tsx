// Copies a text with one click and says so; where the browser does not let it, the text is there to be copied by hand.
import { useEffect, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { Dialog } from "parts/dialog";
import { Icon, IconName } from "parts/icon";
import { use_words } from "words";

type Text = string | Promise<string>;

// The old way, of a field that has the focus. Outside an open dialog nothing can have it.
function copy_selected(text: string): boolean {
  const before = document.activeElement;
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "unseen";
  field.readOnly = true;
  (Array.from(document.querySelectorAll("dialog[open]")).pop() ?? document.body).append(field);
  field.select();
  try {
    return document.activeElement === field && document.execCommand("copy");
  } catch {
    return false;
  } finally {
    field.remove();
    if (before instanceof HTMLElement) before.focus({ preventScroll: true });
  }
}

// Whether it was copied. A text that has yet to come is promised to the clipboard within the click: some browsers take
// nothing later. Without a secure context (plain HTTP on a LAN) there is no clipboard object.
async function copy_text(text: Text): Promise<boolean> {
  if (navigator.clipboard) {
    try {
      if (typeof text === "string" || typeof ClipboardItem !== "function") {
        await navigator.clipboard.writeText(await text);
      } else {
        const blob = text.then((ready) => new Blob([ready], { type: "text/plain" }));
        blob.catch(() => undefined); // told below
        await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
      }
      return true;
    } catch {
      // not allowed: the old way
    }
  }
  return copy_selected(await text);
}

function ByHand({ text, close }: { text: string; close: () => void }) {
  const w = use_words();
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => field.current?.select(), []);
  return createPortal(
    <Dialog title={w.not_copied} close={close}>
      <label className="by_hand">
        {w.copy_by_hand}
        <textarea ref={field} readOnly rows={Math.min(12, text.split("\n").length + 1)} value={text} />
      </label>
    </Dialog>,
    document.body,
  );
}

interface Given {
  text: string | (() => Text);
  copied?: () => void;
  failed?: (error: unknown) => void; // the text did not come
  label?: string;
  className?: string;
  icon?: IconName;
  id?: string;
}
export function CopyButton({ text, copied, failed, label, className = "", icon = "copy", id }: Given) {
  const w = use_words();
  const [done, set_done] = useState(false);
  const [by_hand, set_by_hand] = useState<string>();
  useEffect(() => {
    if (!done) return undefined;
    const timer = window.setTimeout(() => set_done(false), 2500);
    return () => window.clearTimeout(timer);
  }, [done]);
  const copy = async () => {
    const wanted = typeof text === "string" ? text : text();
    try {
      if (await copy_text(wanted)) set_done(true);
      else set_by_hand(await wanted);
      copied?.();
    } catch (error) {
      failed?.(error);
    }
  };
  return (
    <>
      <button type="button" id={id} className={className} onClick={copy} aria-label={label ? undefined : w.copy}>
        <Icon name={done ? "check" : icon} />
        {label && <span>{done ? w.copied : label}</span>}
        <span className="unseen" role="status">
          {done ? w.copied : ""}
        </span>
      </button>
      {by_hand !== undefined && <ByHand text={by_hand} close={() => set_by_hand(undefined)} />}
    </>
  );
}
