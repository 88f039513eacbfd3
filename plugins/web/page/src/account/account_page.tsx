// The own account: password, sessions, tokens.
import { FormEvent, useState } from "react";
import { post } from "api/client";
import { use_title } from "base/hooks";
import { use_session } from "base/session";
import { Sessions } from "account/sessions";
import { Tokens } from "account/tokens";
import { Notice, Trouble } from "parts/notice";
import { use_words } from "words";

function Password() {
  const w = use_words();
  const { session, refresh } = use_session();
  const [old, set_old] = useState("");
  const [fresh, set_fresh] = useState("");
  const [again, set_again] = useState("");
  const [done, set_done] = useState(false);
  const [trouble, set_trouble] = useState<unknown>();
  const differ = again !== "" && fresh !== again;
  const send = async (event: FormEvent) => {
    event.preventDefault();
    if (fresh !== again) return;
    set_trouble(undefined);
    set_done(false);
    try {
      await post("password", { old, new: fresh });
      set_done(true);
      [set_old, set_fresh, set_again].forEach((clear) => clear(""));
      refresh();
    } catch (error) {
      set_trouble(error);
    }
  };
  return (
    <section className="card">
      <h2>{w.account.password}</h2>
      {session.must_change_password && <Notice tone="waiting">{w.account.must_change}</Notice>}
      {done && <Notice tone="good">{w.account.changed}</Notice>}
      {trouble !== undefined && <Trouble error={trouble} />}
      <form className="stacked" onSubmit={send}>
        <input type="text" name="username" autoComplete="username" value={session.name} readOnly hidden />
        <label>
          {w.account.old}
          <input
            name="old"
            type="password"
            autoComplete="current-password"
            required
            value={old}
            onChange={(event) => set_old(event.target.value)}
          />
        </label>
        <label>
          {w.account.fresh}
          <input
            name="new"
            type="password"
            autoComplete="new-password"
            minLength={10}
            required
            value={fresh}
            onChange={(event) => set_fresh(event.target.value)}
          />
        </label>
        <label>
          {w.account.again}
          <input
            name="again"
            type="password"
            autoComplete="new-password"
            required
            value={again}
            aria-invalid={differ}
            aria-describedby="differ"
            onChange={(event) => set_again(event.target.value)}
          />
        </label>
        <p id="differ" className="field_error" role="status">
          {differ ? w.account.differ : ""}
        </p>
        <button className="primary" disabled={differ}>
          {w.account.password}
        </button>
      </form>
    </section>
  );
}

export function AccountPage() {
  const w = use_words();
  const { session } = use_session();
  use_title(w.account.title);
  const sees = session.role === "user" ? session.addresses ?? [] : session.domains?.length ? session.domains : [w.account.all_domains];
  return (
    <div className="account">
      <div className="page_head">
        <h1>{w.account.title}</h1>
      </div>
      <p className="lead">
        {w.account.signed_in(session.name, w.account.role[session.role])}. {w.account.addresses} <bdi>{sees.join(", ")}</bdi>.
      </p>
      {session.how !== "proxy" && <Password />}
      {!session.must_change_password && (
        <>
          <Sessions />
          <Tokens />
        </>
      )}
    </div>
  );
}
