// The one box: takes anything pasted, of any length and number of lines.
import { ClipboardEvent, FormEvent, KeyboardEvent, useRef, useState } from "react";
import { Icon } from "parts/icon";
import { use_words } from "words";

const longest = 65536; // what the server takes

// `understand`: whether there was an answer. A question without one stays, to be asked again.
export function Box({ understand }: { understand: (text: string) => Promise<boolean> }) {
  const w = use_words();
  const [text, set_text] = useState("");
  const [busy, set_busy] = useState(false);
  const box = useRef<HTMLTextAreaElement>(null);
  const rows = Math.min(6, text.split("\n").length);

  const send = async (what: string) => {
    const asked = what.trim().slice(0, longest);
    if (!asked || busy) return;
    set_busy(true);
    const answered = await understand(asked);
    set_busy(false);
    if (answered) set_text("");
  };
  const pasted = (event: ClipboardEvent<HTMLTextAreaElement>) => {
    const more = event.clipboardData.getData("text");
    if (text.trim() === "" && more.trim() !== "") {
      event.preventDefault();
      set_text(more);
      send(more);
    }
  };
  const pressed = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      send(text);
    }
    if (event.key === "Escape") box.current?.blur();
  };
  return (
    <form
      className="box"
      role="search"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        send(text);
      }}
    >
      <Icon name="search" />
      <label className="unseen" htmlFor="box">
        {w.search.box_label}
      </label>
      <textarea
        id="box"
        ref={box}
        rows={rows}
        value={text}
        placeholder={window.innerWidth < 600 ? w.search.box_short : w.search.box}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        aria-keyshortcuts="/"
        onChange={(event) => set_text(event.target.value)}
        onPaste={pasted}
        onKeyDown={pressed}
      />
      <button className="primary" disabled={busy} aria-label={w.search.find}>
        {busy ? <span className="spinner" aria-hidden="true" /> : <Icon name="right" />}
        <span>{w.search.find}</span>
      </button>
    </form>
  );
}
