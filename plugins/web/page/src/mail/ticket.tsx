// The answer for the ticket: asked for and copied with one click.
import { useState } from "react";
import { get, post } from "api/client";
import { use_loaded } from "base/hooks";
import { zone } from "base/format";
import { entry, parse_route, use_route } from "base/route";
import { visible } from "base/hostile";
import { use_session } from "base/session";
import { CopyButton } from "parts/copy";
import { Trouble, Waiting } from "parts/notice";
import { use_language, use_words } from "words";

interface Ticket {
  text: string;
  link: string;
}
// Whoever takes it is told in the audit.
function take(mail: string, wish: Record<string, string>): Promise<Ticket> {
  return post<Ticket>(`mails/${mail}/ticket?${new URLSearchParams({ ...wish, zone: zone() })}`);
}
async function ticket(mail: string, wish: Record<string, string>, signal?: AbortSignal): Promise<string> {
  return with_link(mail, await get<Ticket>(`mails/${mail}/ticket`, { ...wish, zone: zone() }, signal));
}
// Whom the caller asked about: the addresses of the search on this page, or of the one that led here.
function use_asked(): { asked?: string } {
  const here = use_route();
  const { path, query } = here.path[0] === "mail" ? parse_route(entry().before ?? "mail") : here;
  if ((path[0] ?? "search") !== "search") return {};
  const asked = ["address", "sender", "recipient"].map((name) => query.get(name) ?? "").filter((value) => /^[^@*,]+@[^@*,]+$/.test(value));
  return asked.length ? { asked: asked.join(",") } : {};
}
function with_link(mail: string, given: Ticket): string {
  const page = new URL(`#/mail/${mail}`, window.location.href).href;
  return given.text.includes(page) ? given.text : `${given.text.trimEnd()}\n\n${page}\n`;
}

// `deliver`: only what became of this delivery.
export function TicketButton({ mail, deliver }: { mail: string; deliver?: string }) {
  const w = use_words();
  const { language } = use_language();
  const asked = use_asked();
  const [trouble, set_trouble] = useState<unknown>();
  const text = async () => {
    set_trouble(undefined);
    return with_link(mail, await take(mail, { language, audience: "customer", ...asked, ...(deliver && { deliver }) }));
  };
  return (
    <>
      <CopyButton text={text} failed={set_trouble} label={w.mail.ticket_copy} icon="ticket" />
      {trouble !== undefined && <Trouble error={trouble} />}
    </>
  );
}

export function TicketCard({ mail }: { mail: string }) {
  const w = use_words();
  const { language: own } = use_language();
  const { session } = use_session();
  const [language, set_language] = useState(own);
  const [audience, set_audience] = useState("customer");
  const wish = { language, audience, ...use_asked() };
  const text = use_loaded((signal) => ticket(mail, wish, signal), [mail, language, audience, wish.asked]);
  const languages = [
    ["de", "Deutsch"],
    ["en", "English"],
  ] as const;
  return (
    <section className="card ticket">
      <div className="card_head">
        <h2>{w.mail.ticket}</h2>
        <div className="switch" role="group" aria-label={w.nav.language}>
          {languages.map(([name, word]) => (
            <button
              key={name}
              type="button"
              lang={name}
              aria-pressed={language === name}
              onClick={() => set_language(name)}
            >
              {word}
            </button>
          ))}
        </div>
      </div>
      <p className="muted">{audience === "admin" ? w.mail.ticket_exact : w.mail.ticket_lead}</p>
      {text.error !== undefined && <Trouble error={text.error} again={text.reload} />}
      {!text.value && text.loading && <Waiting />}
      {text.value && (
        <>
          <pre className="ticket_text" tabIndex={0} aria-label={w.mail.ticket}>
            {text.value.split("\n").map(visible).join("\n")}
          </pre>
          <div className="ticket_end">
          <CopyButton id="copy_ticket" className="primary" text={text.value} copied={() => void take(mail, wish)} label={w.mail.ticket_copy} icon="ticket" />
          {session.role !== "user" && (
            <label className="choice">
              <input
                type="checkbox"
                checked={audience === "admin"}
                onChange={(event) => set_audience(event.target.checked ? "admin" : "customer")}
              />
              {w.mail.ticket_admin}
            </label>
          )}
          </div>
        </>
      )}
    </section>
  );
}
