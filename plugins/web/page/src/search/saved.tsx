// Saved searches: kept by the server, for the own account.
import { FormEvent, useState } from "react";
import { get, post, remove } from "api/client";
import { SavedSearch } from "api/types";
import { use_loaded } from "base/hooks";
import { link } from "base/route";
import { Icon } from "parts/icon";
import { Menu } from "parts/menu";
import { Trouble } from "parts/notice";
import { changed, has_criteria, Params } from "search/query";
import { use_words } from "words";

export function SavedSearches({ query }: { query: Params }) {
  const w = use_words();
  const [name, set_name] = useState("");
  const [trouble, set_trouble] = useState<unknown>();
  const saved = use_loaded((signal) => get<{ searches: SavedSearch[] }>("searches", {}, signal), []);
  const act = (what: Promise<unknown>) =>
    what.then(
      () => {
        set_trouble(undefined);
        saved.reload();
      },
      (error) => set_trouble(error),
    );
  const save = (event: FormEvent) => {
    event.preventDefault();
    act(post("searches", { name: name.trim(), query: changed(query, {}).toString() }).then(() => set_name("")));
  };
  const searches = saved.value?.searches ?? [];
  return (
    <Menu label={w.search.saved} icon="save" className="saved" name="saved">
      {searches.length === 0 && <p className="muted">{w.search.saved_none}</p>}
      <ul>
        {searches.map((search) => (
          <li key={search.id}>
            <a href={link("search", new URLSearchParams(search.query))}>{search.name}</a>
            <button
              type="button"
              className="quiet"
              aria-label={`${w.remove}: ${search.name}`}
              onClick={() => act(remove(`searches/${search.id}`))}
            >
              <Icon name="cross" />
            </button>
          </li>
        ))}
      </ul>
      {has_criteria(query) && (
        <form onSubmit={save}>
          <label>
            {w.search.save_this}
            <input
              name="search_name"
              required
              maxLength={80}
              placeholder={w.search.save_name}
              value={name}
              onChange={(event) => set_name(event.target.value)}
            />
          </label>
          <button className="primary">{w.save}</button>
        </form>
      )}
      {trouble !== undefined && <Trouble error={trouble} />}
    </Menu>
  );
}
