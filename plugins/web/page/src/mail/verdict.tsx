// What happened, in one sentence for two audiences; who must act, what to do, when it goes on.
import { useState } from "react";
import { Verdict } from "api/types";
import { clock, day_and_time, duration } from "base/format";
import { link } from "base/route";
import { use_session } from "base/session";
import { recall, remember } from "base/store";
import { Logged } from "parts/address";
import { Icon, IconName } from "parts/icon";
import { named_status } from "parts/status";
import { use_say, use_words } from "words";

type Audience = "customer" | "admin";

const icons: Record<string, IconName> = {
  delivered: "inbox",
  delivered_elsewhere: "done",
  forwarded: "fork",
  waiting: "clock",
  bounced: "back",
  refused: "stop",
  greylisted: "again",
  discarded: "trash",
  filtered: "funnel",
  held: "pause",
  deleted: "trash",
};

// The sentence says when it goes on, unless that is over: then, when that was.
function Waits({ verdict }: { verdict: Verdict }) {
  const w = use_words();
  if (!verdict.overdue) return null;
  return (
    <>
      {verdict.next_from && (
        <div>
          <dt>{w.verdict.next_try}</dt>
          <dd>
            {verdict.next_to ? w.verdict.between(day_and_time(verdict.next_from), clock(verdict.next_to)) : day_and_time(verdict.next_from)}
            <span className="overdue"> {w.verdict.overdue}</span>
          </dd>
        </div>
      )}
      {verdict.deadline && new Date(verdict.deadline) > new Date() && (
        <div>
          <dt>{w.verdict.gives_up}</dt>
          <dd>{day_and_time(verdict.deadline)}</dd>
        </div>
      )}
    </>
  );
}

function Greylist({ verdict }: { verdict: Verdict }) {
  const w = use_words();
  const story = verdict.greylist;
  if (!story?.refused?.length) return null;
  const first = story.refused[0];
  const end = story.delivered ?? story.accepted;
  const steps = [
    ...story.refused.map((time) => ({ time, words: w.verdict.grey_refused, tone: "waiting" })),
    ...(story.accepted ? [{ time: story.accepted, words: w.verdict.grey_back, tone: "good" }] : []),
    ...(story.delivered ? [{ time: story.delivered, words: w.verdict.grey_delivered, tone: "good" }] : []),
  ];
  const seconds = end ? (new Date(end).getTime() - new Date(first).getTime()) / 1000 : 0;
  return (
    <div className="greylist">
      <p className="greylist_title">{w.verdict.greylist}</p>
      <ol>
        {steps.map((step, index) => (
          <li key={index} className={`tone_${step.tone}`}>
            <time dateTime={step.time}>{index === 0 ? day_and_time(step.time) : clock(step.time)}</time> {step.words}
          </li>
        ))}
      </ol>
      {seconds > 1 && <p className="muted">{w.verdict.grey_lost(duration(seconds))}</p>}
      {story.accepted_id && story.accepted_id !== verdict.mail && <a href={link(`mail/${story.accepted_id}`)}>{w.row.mail_page}</a>}
    </div>
  );
}

function One({ verdict, audience, several }: { verdict: Verdict; audience: Audience; several: boolean }) {
  const w = use_words();
  const say = use_say();
  const sentence = say(verdict.sentence[audience]);
  const next = say(verdict.next?.[audience]);
  const meaning = say(verdict.explanation?.text?.[audience]);
  const actors: Record<string, string> = w.actor;
  const actor = (audience === "admin" && verdict.admin_actor) || verdict.actor;
  const who = verdict.original_recipient ?? verdict.recipient;
  const at_last = verdict.recipient && who && verdict.recipient.toLowerCase() !== who.toLowerCase() ? verdict.recipient : undefined;
  return (
    <div className={`verdict tone_${verdict.tone}`} data-kind={verdict.kind}>
      <span className="verdict_icon">
        <Icon name={icons[verdict.kind] ?? "dots"} />
      </span>
      <div className="verdict_text">
        {several && who && (
          <p className="verdict_for">
            <Logged>{w.verdict.for_recipient(who, at_last)}</Logged>
          </p>
        )}
        <p className="verdict_word">{named_status(verdict.word, w)}</p>
        <p className="verdict_sentence">
          <Logged>{sentence}</Logged>
        </p>
        {meaning && !sentence.includes(meaning) && (
          <p className="verdict_meaning">
            <Logged>{meaning}</Logged>
          </p>
        )}
        <dl className="verdict_facts">
          <div>
            <dt>{w.verdict.who}</dt>
            <dd>{actors[actor] ?? actor}</dd>
          </div>
          {(next || actor !== "nobody") && (
            <div>
              <dt>{w.verdict.next}</dt>
              <dd>
                <Logged>{next || w.verdict.nothing_to_do}</Logged>
              </dd>
            </div>
          )}
          <Waits verdict={verdict} />
        </dl>
        <Greylist verdict={verdict} />
        {verdict.told && verdict.told.length > 0 && (
          <p className="muted">
            <Logged>{w.verdict.told(verdict.told.join(", "))}</Logged>
          </p>
        )}
        {verdict.answer && verdict.tone !== "good" && (
          <figure className="answer">
            <figcaption>
              {w.verdict.answer}
              {verdict.answered_by && (
                <>
                  {" "}
                  (<Logged>{verdict.answered_by}</Logged>)
                </>
              )}
            </figcaption>
            <blockquote>
              <Logged>{verdict.answer}</Logged>
            </blockquote>
          </figure>
        )}
      </div>
    </div>
  );
}

export function Verdicts({ verdicts, heading: Heading = "h3" }: { verdicts: Verdict[]; heading?: "h2" | "h3" }) {
  const w = use_words();
  const { session } = use_session();
  const [audience, set_audience] = useState<Audience>(() => (recall("audience") === "admin" && session.role !== "user" ? "admin" : "customer"));
  const choose = (next: Audience) => {
    remember("audience", next);
    set_audience(next);
  };
  if (verdicts.length === 0) return null;
  return (
    <section className="verdicts" aria-label={w.verdict.title}>
      <div className="verdicts_head">
        <Heading>{w.verdict.title}</Heading>
        {session.role !== "user" && (
        <div className="switch audience" role="group" aria-label={w.verdict.audience}>
          {(["customer", "admin"] as const).map((name) => (
            <button key={name} type="button" aria-pressed={audience === name} onClick={() => choose(name)}>
              {w.verdict[name]}
            </button>
          ))}
        </div>
        )}
      </div>
      {verdicts.map((verdict, index) => (
        <One key={index} verdict={verdict} audience={audience} several={verdicts.length > 1} />
      ))}
    </section>
  );
}
