// Tokens for scripts.
import { FormEvent, useState } from "react";
import { get, post, remove } from "api/client";
import { Token } from "api/types";
import { ago, day_and_clock } from "base/format";
import { visible } from "base/hostile";
import { use_loaded } from "base/hooks";
import { CopyButton } from "parts/copy";
import { Icon } from "parts/icon";
import { Trouble } from "parts/notice";
import { use_words } from "words";

function over(expires: string): boolean {
  return new Date(expires).getTime() <= Date.now();
}

export function Tokens() {
  const w = use_words();
  const tokens = use_loaded((signal) => get<{ tokens: Token[] }>("tokens", {}, signal), []);
  const [name, set_name] = useState("");
  const [made, set_made] = useState<Token>();
  const [trouble, set_trouble] = useState<unknown>();
  const make = async (event: FormEvent) => {
    event.preventDefault();
    try {
      set_made(await post<Token>("tokens", { name: name.trim() }));
      set_name("");
      set_trouble(undefined);
      tokens.reload();
    } catch (error) {
      set_trouble(error);
    }
  };
  const end = (token: Token) =>
    remove(`tokens/${encodeURIComponent(token.id)}`).then(() => {
      set_made(undefined);
      tokens.reload();
    }, set_trouble);
  const list = tokens.value?.tokens ?? [];
  return (
    <section className="card">
      <h2>{w.account.tokens}</h2>
      <p className="muted">{w.account.tokens_lead}</p>
      {(trouble ?? tokens.error) !== undefined && <Trouble error={trouble ?? tokens.error} />}
      {made?.token && (
        <div className="secret" role="status">
          <p>{w.account.token_once}</p>
          <code>{made.token}</code> <CopyButton text={made.token} label={w.copy} />
        </div>
      )}
      {tokens.value && list.length === 0 && <p className="muted">{w.account.token_none}</p>}
      <ul className="plain_list">
        {list.map((token) => (
          <li key={token.id}>
            <Icon name="keys" />
            <div className="plain_main">
              <strong>{visible(token.name)}</strong>
              <p className="muted">
                {w.account.made(ago(token.created))} · {token.last_used ? w.account.used(ago(token.last_used)) : w.account.never_used}
                {token.expires && ` · ${over(token.expires) ? w.account.ended(day_and_clock(token.expires)) : w.account.ends(day_and_clock(token.expires))}`}
              </p>
            </div>
            <button type="button" aria-label={`${w.remove}: ${token.name}`} onClick={() => end(token)}>
              {w.remove}
            </button>
          </li>
        ))}
      </ul>
      <form className="in_line" onSubmit={make}>
        <label>
          {w.account.token_name}
          <input
            name="token_name"
            required
            maxLength={80}
            value={name}
            onChange={(event) => set_name(event.target.value)}
          />
        </label>
        <button>{w.account.token_make}</button>
      </form>
    </section>
  );
}
