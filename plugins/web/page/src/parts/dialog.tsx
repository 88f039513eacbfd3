// A window over the page. The browser keeps the focus inside and gives it back.
import { ReactNode, useEffect, useId, useRef } from "react";
import { Icon } from "parts/icon";
import { use_words } from "words";

export function Dialog({ title, close, children }: { title: string; close: () => void; children: ReactNode }) {
  const w = use_words();
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    const shown = dialog.current;
    if (shown && !shown.open) shown.showModal();
    return () => {
      shown?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      className="dialog"
      aria-labelledby={id}
      onCancel={(event) => {
        if (event.target !== dialog.current) return; // of a window over this one
        event.preventDefault();
        close();
      }}
      onClick={(event) => event.target === dialog.current && close()}
    >
      <div className="dialog_inner">
        <div className="dialog_head">
          <h2 id={id}>{title}</h2>
          <button type="button" className="quiet" aria-label={w.close} onClick={close}>
            <Icon name="cross" />
          </button>
        </div>
        {children}
      </div>
    </dialog>
  );
}
