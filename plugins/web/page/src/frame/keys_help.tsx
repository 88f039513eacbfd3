// The list of keyboard shortcuts.
import { useState } from "react";
import { keys_on, switch_keys } from "base/hooks";
import { Dialog } from "parts/dialog";
import { use_words } from "words";

export function KeysHelp({ close }: { close: () => void }) {
  const w = use_words();
  const [on, set_on] = useState(keys_on());
  const keys: [string[], string][] = [
    [["/"], w.keys.search],
    [["j"], w.keys.next],
    [["k"], w.keys.previous],
    [["x"], w.keys.fold],
    [["m"], w.keys.open],
    [["f"], w.keys.filters],
    [["l"], w.keys.live],
    [["n"], w.keys.older],
    [["c"], w.keys.copy],
    [["o"], w.keys.overview],
    [["?"], w.keys.help],
    [["Esc"], w.keys.escape],
  ];
  return (
    <Dialog title={w.keys.title} close={close}>
      <dl className="keys">
        {keys.map(([names, what]) => (
          <div key={what}>
            <dt>
              {names.map((name) => (
                <kbd key={name}>{name}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <label className="choice">
        <input
          type="checkbox"
          name="keys_on"
          checked={on}
          onChange={(event) => {
            switch_keys(event.target.checked);
            set_on(event.target.checked);
          }}
        />
        {w.keys.on}
      </label>
    </Dialog>
  );
}
