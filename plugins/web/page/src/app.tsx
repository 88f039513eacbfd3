// Who is logged in, and which page is shown.
import { useCallback, useEffect, useRef, useState } from "react";
import { get, Problem, remember_session, when_logged_out } from "api/client";
import { Session } from "api/types";
import { AccountPage } from "account/account_page";
import { AuditPage } from "audit/audit_page";
import { in_text_field } from "base/hooks";
import { go, link, use_route } from "base/route";
import { Frame } from "frame/frame";
import { LoginPage } from "login/login_page";
import { MailPage } from "mail/mail_page";
import { OverviewPage } from "overview/overview_page";
import { NoPage, Trouble, Waiting } from "parts/notice";
import { SearchPage } from "search/search_page";
import { may, SessionContext } from "base/session";
import { UsersPage } from "users/users_page";
import { use_words } from "words";

const pages_with_rights = ["overview", "users", "audit"] as const;

// The heading of the new page has the focus, so that a screen reader reads on there and Tab goes on from there; the page
// itself until it has loaded one.
function focus_heading(main: HTMLElement): (() => void) | undefined {
  const take = () => {
    const heading = main.querySelector("h1");
    if (!heading) return false;
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
    return true;
  };
  if (take()) return undefined;
  main.focus({ preventScroll: true });
  const watch = new MutationObserver(() => {
    if (document.activeElement !== main || take()) watch.disconnect();
  });
  watch.observe(main, { childList: true, subtree: true });
  return () => watch.disconnect();
}
function use_focus(page: string): void {
  const shown = useRef(page);
  useEffect(() => {
    if (shown.current === page) return undefined;
    shown.current = page;
    const main = document.querySelector("main");
    const typing = in_text_field(document.activeElement) && main?.contains(document.activeElement);
    return main && !typing ? focus_heading(main) : undefined;
  }, [page]);
}

function Shown({ session }: { session: Session }) {
  const w = use_words();
  const route = use_route();
  const [area = "search", name = ""] = route.path;
  use_focus(`${area}/${name}`);
  if (session.must_change_password) return <AccountPage />;
  const needed = pages_with_rights.find((page) => page === area);
  if (needed && !may(session, needed)) return <NoPage words={w.problems.forbidden_page} />;
  switch (area) {
    case "mail":
      return <MailPage key={name} id={name} />;
    case "overview":
      return <OverviewPage query={route.query} />;
    case "users":
      return <UsersPage />;
    case "audit":
      return <AuditPage query={route.query} />;
    case "account":
      return <AccountPage />;
    default:
      return <SearchPage query={route.query} />;
  }
}

export function App() {
  const [session, set_session] = useState<Session | null | undefined>(undefined);
  const [ended, set_ended] = useState(false);
  const [trouble, set_trouble] = useState<unknown>();

  const enter = useCallback((next: Session) => {
    remember_session(next);
    set_ended(false);
    set_session(next);
  }, []);
  const leave = useCallback((by_itself: boolean) => {
    set_ended(by_itself);
    set_session(null);
    if (!by_itself) go(link("search"), true);
  }, []);
  const look = useCallback(() => {
    set_trouble(undefined);
    get<Session>("session").then(enter, (error) => {
      if (error instanceof Problem && error.status === 401) set_session(null);
      else set_trouble(error);
    });
  }, [enter]);

  useEffect(() => {
    when_logged_out(() => leave(true));
    look();
  }, [look, leave]);

  if (trouble) return <Trouble error={trouble} again={look} />;
  if (session === undefined) return <Waiting />;
  if (session === null) return <LoginPage ended={ended} enter={enter} />;
  return (
    <SessionContext.Provider value={{ session, refresh: look, leave: () => leave(false) }}>
      <Frame>
        <Shown session={session} />
      </Frame>
    </SessionContext.Provider>
  );
}
