// What is around every page: skip link, header with navigation, the shortcuts help.
import { ReactNode, useRef, useState } from "react";
import { post } from "api/client";
import { use_keys } from "base/hooks";
import { go, link, use_route } from "base/route";
import { may, use_session } from "base/session";
import { Icon, Wordmark } from "parts/icon";
import { Menu } from "parts/menu";
import { KeysHelp } from "frame/keys_help";
import { Preferences } from "frame/preferences";
import { use_words } from "words";

function Navigation() {
  const w = use_words();
  const { session } = use_session();
  const [area = "search"] = use_route().path;
  const items = [
    { area: "search", word: w.nav.search, icon: "search" as const, shown: true },
    { area: "overview", word: w.nav.overview, icon: "chart" as const, shown: may(session, "overview") },
    { area: "users", word: w.nav.users, icon: "users" as const, shown: may(session, "users") },
    { area: "audit", word: w.nav.audit, icon: "book" as const, shown: may(session, "audit") },
  ];
  return (
    <nav className="navigation" aria-label={w.nav.main}>
      {items
        .filter((item) => item.shown)
        .map((item) => (
          <a
            key={item.area}
            href={link(item.area)}
            aria-current={area === item.area || (area === "mail" && item.area === "search") ? "page" : undefined}
          >
            <Icon name={item.icon} />
            <span>{item.word}</span>
          </a>
        ))}
    </nav>
  );
}

function AccountMenu({ help }: { help: () => void }) {
  const w = use_words();
  const { session, leave } = use_session();
  const initial = (
    <span className="initial" aria-hidden="true">
      {Array.from(session.name)[0]?.toUpperCase()}
    </span>
  );
  const logout = () => post("logout").then(leave, leave);
  return (
    <Menu className="account_menu" label={`${w.nav.account}: ${session.name}`} summary={initial}>
        <p className="menu_name">{w.account.signed_in(session.name, w.account.role[session.role])}</p>
        <a href={link("account")}>
          <Icon name="person" /> {w.nav.account}
        </a>
        <button type="button" onClick={help}>
          <Icon name="keys" /> {w.nav.keys}
        </button>
        <Preferences />
        {session.how !== "proxy" && (
          <button type="button" onClick={logout}>
            <Icon name="leave" /> {w.nav.logout}
          </button>
        )}
    </Menu>
  );
}

export function Frame({ children }: { children: ReactNode }) {
  const w = use_words();
  const [help, set_help] = useState(false);
  const main = useRef<HTMLElement>(null);
  const { session } = use_session();
  const to_box = () => {
    const box = document.getElementById("box");
    if (box) box.focus();
    else go(link("search", { focus: "box" }));
  };
  use_keys({
    "?": () => set_help(true),
    "/": to_box,
    o: () => may(session, "overview") && go(link("overview")),
  });
  return (
    <>
      <a
        className="skip"
        href="#page"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        {w.skip}
      </a>
      <header className="header">
        <div className="header_inner">
          <a className="brand" href={link("search")}>
            <Wordmark />
          </a>
          <Navigation />
          <AccountMenu help={() => set_help(true)} />
        </div>
      </header>
      <main className="main" ref={main} tabIndex={-1}>
        {children}
      </main>
      {help && <KeysHelp close={() => set_help(false)} />}
    </>
  );
}
