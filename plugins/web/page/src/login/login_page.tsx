// Name and password.
import { FormEvent, useState } from "react";
import { post } from "api/client";
import { Session } from "api/types";
import { use_title } from "base/hooks";
import { LanguageSwitch } from "frame/preferences";
import { Wordmark } from "parts/icon";
import { Notice, Trouble } from "parts/notice";
import { use_words } from "words";

export function LoginPage({ ended, enter }: { ended: boolean; enter: (session: Session) => void }) {
  const w = use_words();
  const [name, set_name] = useState("");
  const [password, set_password] = useState("");
  const [busy, set_busy] = useState(false);
  const [error, set_error] = useState<unknown>();
  use_title(w.login.title);
  const send = async (event: FormEvent) => {
    event.preventDefault();
    set_busy(true);
    set_error(undefined);
    try {
      enter(await post<Session>("login", { name: name.trim(), password }));
    } catch (failed) {
      set_error(failed);
      set_password("");
      set_busy(false);
    }
  };
  return (
    <main className="login">
      <form className="card login_card" onSubmit={send}>
        <div className="brand">
          <Wordmark />
        </div>
        <h1>{w.login.title}</h1>
        <p className="lead">{w.login.lead}</p>
        {ended && !error && <Notice>{w.login.ended}</Notice>}
        {error !== undefined && <Trouble error={error} />}
        <label>
          {w.login.name}
          <input
            name="name"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            required
            autoFocus
            value={name}
            onChange={(event) => set_name(event.target.value)}
          />
        </label>
        <label>
          {w.login.password}
          <input
            name="password"
            type="password"
            autoComplete="current-password"
            required
            value={password}
            onChange={(event) => set_password(event.target.value)}
          />
        </label>
        <button className="primary" disabled={busy}>
          {busy ? w.login.busy : w.login.enter}
        </button>
      </form>
      <LanguageSwitch />
    </main>
  );
}
