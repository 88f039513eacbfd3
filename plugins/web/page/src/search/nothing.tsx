// Nothing found: the proof, and what comes near.
import { get } from "api/client";
import { HostProof, Near, Nothing as Proof, Text } from "api/types";
import { ago, day_and_time, number, zone } from "base/format";
import { use_loaded } from "base/hooks";
import { link } from "base/route";
import { Icon } from "parts/icon";
import { Logged } from "parts/address";
import { Trouble, Waiting } from "parts/notice";
import { changed, criteria_of, has_criteria, Params, searched_anew } from "search/query";
import { use_say, use_words } from "words";

function Hosts({ hosts }: { hosts: HostProof[] }) {
  const w = use_words();
  const say = use_say();
  return (
    <ul className="proof_hosts">
      {hosts.map((host) => {
        const sentence = say(host.sentence);
        const { quiet } = host as { quiet?: Text };
        // Of a single one `quiet` says the times.
        const gaps = host.gaps && host.gaps.length > 1 ? host.gaps : [];
        return (
          <li key={host.host}>
            <span className={`proof_mark tone_${host.complete ? "good" : "waiting"}`}>
              <Icon name={host.complete ? "done" : "warn"} />
            </span>
            <div>
              <p>
                <Logged>{sentence || host.host}</Logged>
              </p>
              <p className="muted">
                {!sentence && `${w.nothing.last_line(ago(host.last))} · `}
                {w.nothing.lines(host.lines, number(host.lines))}
              </p>
              {gaps.length === 0 && quiet && <p className="muted">{say(quiet)}</p>}
              {gaps.length > 0 && (
                <details className="muted">
                  <summary>{say(quiet)}</summary>
                  {gaps.map((gap) => (
                    <p key={gap.from}>{`${day_and_time(gap.from)} – ${day_and_time(gap.to)}`}</p>
                  ))}
                </details>
              )}
            </div>
          </li>
        );
      })}
    </ul>
  );
}

function NearMisses({ near, query }: { near: Near[]; query: Params }) {
  const w = use_words();
  const say = use_say();
  if (near.length === 0) return <p className="muted">{w.nothing.none_near}</p>;
  return (
    <ul className="near">
      {near.map((miss, index) => (
        <li key={index}>
          <a
            href={link("search", searched_anew(miss.kind === "other_time" ? changed(query, { time: null }) : query, miss.query))}
          >
            <span className="near_words">
              <Logged>{say(miss.words)}</Logged>
            </span>
            <span className="near_count">
              {miss.more ? w.search.results_more(miss.count) : w.search.results(miss.count)}
              {miss.newest && `, ${day_and_time(miss.newest)}`}
            </span>
          </a>
        </li>
      ))}
    </ul>
  );
}

// What is worth a try with an address: a part of it, its whole domain.
function Tips({ query }: { query: Params }) {
  const w = use_words();
  const field = (["address", "sender", "recipient"] as const).find((name) => /^[^*@\s]+@[^*@\s]+$/.test(query.get(name) ?? ""));
  if (!field) return null;
  const [name, domain] = (query.get(field) ?? "").split("@");
  const tips = [
    { value: `*${name}*`, words: w.nothing.tip_part },
    { value: `@${domain}`, words: w.nothing.tip_domain },
  ];
  return (
    <div className="tips">
      <h3>{w.nothing.tips}</h3>
      <ul>
        {tips.map((tip) => (
          <li key={tip.value}>
            {tip.words}{" "}
            <a href={link("search", changed(query, { [field]: tip.value }))}>
              <Logged>{tip.value}</Logged>
            </a>
          </li>
        ))}
      </ul>
    </div>
  );
}

export function Nothing({ query }: { query: Params }) {
  const w = use_words();
  const say = use_say();
  const asked = query.toString();
  const proof = use_loaded((signal) => get<Proof>("nothing", { ...criteria_of(query), zone: zone() }, signal), [asked]);
  const timed = ["time", "connect_from", "connect_to", "deliver_from", "deliver_to"].some((name) => query.get(name));
  const any_time = changed(query, { time: null, connect_from: null, connect_to: null, deliver_from: null, deliver_to: null });
  return (
    <div className="nothing card" role="region" aria-label={w.nothing.title}>
      <div className="nothing_head">
        <Icon name="search" />
        <h2>{w.nothing.title}</h2>
      </div>
      {proof.error !== undefined && <Trouble error={proof.error} again={proof.reload} />}
      {proof.loading && <Waiting />}
      {proof.value && (
        <>
          <p className="nothing_sentence">
            <Logged>{say(proof.value.sentence) || (proof.value.complete ? w.nothing.complete : w.nothing.incomplete)}</Logged>
          </p>
          {proof.value.hosts && proof.value.hosts.length > 0 && (
            <>
              <h3>{w.nothing.proof}</h3>
              <Hosts hosts={proof.value.hosts} />
            </>
          )}
          {proof.value.losses && proof.value.losses.length > 0 && (
            <>
              <h3>{w.nothing.lost}</h3>
              <ul className="proof_hosts proof_losses">
                {proof.value.losses.map((loss, index) => (
                  <li key={index}>
                    <span className="proof_mark tone_bad">
                      <Icon name="warn" />
                    </span>
                    <p>
                      <Logged>{say(loss.words)}</Logged>
                    </p>
                  </li>
                ))}
              </ul>
            </>
          )}
          {has_criteria(query) && (
            <>
              {proof.value.near.length > 0 && <h3>{w.nothing.near}</h3>}
              <NearMisses near={proof.value.near} query={query} />
            </>
          )}
        </>
      )}
      <Tips query={query} />
      {timed && (
        <a className="button" href={link("search", any_time)}>
          {w.nothing.widen}
        </a>
      )}
    </div>
  );
}
