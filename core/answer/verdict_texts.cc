// German and English of the verdicts: for customers without jargon, for admins with names. Any thread.
#include "core/answer/verdict_texts.h"

namespace mailtrace {
namespace {

const Sentence table[] = {
    // delivered
    {{"The mail was delivered to the mailbox of {recipient} {time.on}.",
      "Die Mail wurde {time.on} in das Postfach von {recipient} zugestellt."},
     {"Delivered by {server} to {recipient} ({transport}) at {time}.",
      "Von {server} am {time} an {recipient} zugestellt ({transport})."}},
    {{"The mail was delivered to {recipient} {time.on}, into the folder \"{folder}\".",
      "Die Mail wurde {time.on} an {recipient} zugestellt, in den Ordner „{folder}“."},
     {"Delivered by {server} to {recipient}, folder \"{folder}\" ({transport}), at {time}.",
      "Von {server} am {time} an {recipient} zugestellt, Ordner „{folder}“ ({transport})."}},
    {{"The mail for {recipient} was handed to a program that processes it, {time.on}.",
      "Die Mail für {recipient} wurde {time.on} an ein Programm übergeben, das sie verarbeitet."},
     {"{server} handed the mail for {recipient} to a program ({transport}, {answer}) at {time}.",
      "{server} hat die Mail für {recipient} am {time} an ein Programm übergeben ({transport}, {answer})."}},
    {{"A copy was sent on to {target}.", "Eine Kopie wurde an {target} weitergeleitet."},
     {"Sieve also redirected it to {target}.", "Sieve hat sie außerdem an {target} weitergeleitet."}},
    {{"An automatic reply was sent to {target}.", "An {target} ging eine automatische Antwort."},
     {"Sieve sent a vacation reply to {target}.", "Sieve hat eine Abwesenheitsnotiz an {target} geschickt."}},
    {{"At first, {refused.on}, it was put off as a precaution against spam; the sender's server came back "
      "and it was taken {duration} later.",
      "Zunächst wurde sie {refused.on} zum Schutz vor Spam zurückgestellt; der Server des Absenders hat es "
      "erneut versucht, angenommen wurde sie {duration} später."},
     {"Greylisted first at {refused}; accepted {duration} later, the time the sending server took to retry.",
      "Zuerst Greylisting am {refused}; angenommen {duration} später, so lange brauchte der sendende Server "
      "für den neuen Versuch."}},
    {{"At first, {refused.on}, the other server put it off as a precaution against spam; it was taken "
      "{duration} later.",
      "Zunächst stellte der andere Server sie {refused.on} zum Schutz vor Spam zurück; angenommen wurde sie "
      "{duration} später."},
     {"Greylisted by the other side at {refused}, accepted {duration} later.",
      "Von der Gegenseite am {refused} per Greylisting zurückgestellt, {duration} später angenommen."}},
    // elsewhere
    {{"The mail to {recipient} was accepted by the recipient's mail server {time.on}. From there on, that "
      "provider is responsible for it.",
      "Die Mail an {recipient} wurde {time.on} vom Mailserver des Empfängers angenommen. Von da an ist "
      "dessen Anbieter zuständig."},
     {"{target} took the mail from {server} for {recipient} at {time} and answered: {answer}",
      "{target} hat die Mail von {server} für {recipient} am {time} angenommen und geantwortet: {answer}"}},
    {{"The mail to {recipient} was passed to the next mail server {time.on}.",
      "Die Mail an {recipient} wurde {time.on} an den nächsten Mailserver übergeben."},
     {"{server} passed the mail for {recipient} to {target} at {time}; that server is not ours, or its log "
      "is not here: {answer}",
      "{server} hat die Mail für {recipient} am {time} an {target} übergeben; das ist kein eigener Server, "
      "oder sein Log fehlt hier: {answer}"}},
    {{"The mail for {recipient} was forwarded to {target} {time.on}.",
      "Die Mail für {recipient} wurde {time.on} an {target} weitergeleitet."},
     {"{server} forwarded the mail for {recipient} to {target} at {time}; nothing was kept here.",
      "{server} hat die Mail für {recipient} am {time} an {target} weitergeleitet; hier wurde nichts "
      "behalten."}},
    // waiting
    {{"The mail to {recipient} is waiting to be delivered, after {attempts} so far. The next attempt comes "
      "{next.between}. If it cannot be delivered {deadline.by}, the sender gets a notice.",
      "Die Mail an {recipient} wartet nach bisher {attempts.dative} auf Zustellung. Der nächste Versuch "
      "kommt {next.between}. Gelingt es {deadline.by} nicht, erhält der Absender eine Meldung."},
     {"Deferred on {server} for {recipient} after {attempts}, the last at {time}; next attempt {next_from} "
      "to {next_to}, bounce at {deadline}.",
      "Auf {server} für {recipient} zurückgestellt, {attempts}, zuletzt am {time}; nächster Versuch vom "
      "{next_from} bis zum {next_to}, Rückläufer am {deadline}."}},
    {{"The mail to {recipient} could not be delivered at the first attempt and is waiting. The next attempt "
      "comes {next.between}. If it cannot be delivered {deadline.by}, the sender gets a notice.",
      "Die Mail an {recipient} konnte beim ersten Versuch nicht zugestellt werden und wartet. Der nächste "
      "Versuch kommt {next.between}. Gelingt es {deadline.by} nicht, erhält der Absender eine Meldung."},
     {"Deferred on {server} for {recipient} after 1 attempt at {time}; next attempt {next_from} to "
      "{next_to}, bounce at {deadline}.",
      "Auf {server} für {recipient} zurückgestellt, 1 Versuch, am {time}; nächster Versuch vom {next_from} "
      "bis zum {next_to}, Rückläufer am {deadline}."}},
    {{"The mail to {recipient} could not be delivered so far; the last attempt was {time.on}. A further "
      "attempt was due {due.by}, but none was seen. We have to look why.",
      "Die Mail an {recipient} konnte bisher nicht zugestellt werden; der letzte Versuch war {time.on}. Ein "
      "weiterer war {due.by} fällig, es wurde aber keiner gesehen. Wir müssen nachsehen, warum."},
     {"Deferred on {server} for {recipient}, {attempts}, the last at {time}; no further attempt was seen, "
      "although one was due by {due}: the log of {server} does not come here, its queue stands, or the mail "
      "was removed.",
      "Auf {server} für {recipient} zurückgestellt, {attempts}, zuletzt am {time}; kein weiterer Versuch "
      "wurde "
      "gesehen, obwohl einer bis zum {due} fällig war: Das Log von {server} kommt nicht hier an, die Queue "
      "steht, oder die Mail wurde entfernt."}},
    {{"The mail to {recipient} could not be delivered; the last attempt was {time.on}. It should have been "
      "returned to the sender {due.by}, but no end was seen. We have to look why.",
      "Die Mail an {recipient} konnte nicht zugestellt werden; der letzte Versuch war {time.on}. Sie hätte "
      "{due.by} an den Absender zurückgehen müssen, es wurde aber kein Ende gesehen. Wir müssen nachsehen, "
      "warum."},
     {"Deferred on {server} for {recipient}, {attempts}, the last at {time}; its time in the queue ended at "
      "{due}, and no end was seen: the log of {server} does not come here, its queue stands, or the mail was "
      "removed.",
      "Auf {server} für {recipient} zurückgestellt, {attempts}, zuletzt am {time}; ihre Zeit in der Queue "
      "endete am {due}, und kein Ende wurde gesehen: Das Log von {server} kommt nicht hier an, die Queue "
      "steht, oder die Mail wurde entfernt."}},
    {{"The mail was received {accepted.on} and is being processed.",
      "Die Mail wurde {accepted.on} angenommen und ist in Bearbeitung."},
     {"In the queue of {server} since {accepted}; no attempt is in the log yet.",
      "Seit dem {accepted} in der Queue von {server}; noch kein Versuch im Log."}},
    // bounced
    {{"The mail to {recipient} could not be delivered {time.on}.",
      "Die Mail an {recipient} konnte {time.on} nicht zugestellt werden."},
     {"Bounced by {server} for {recipient} at {time}; {by} answered: {answer}",
      "Von {server} für {recipient} am {time} als unzustellbar beendet; {by} antwortete: {answer}"}},
    {{"The mail to {recipient} could not be delivered within {duration} and was given up {time.on}.",
      "Die Mail an {recipient} konnte innerhalb von {duration.dative} nicht zugestellt werden und wurde "
      "{time.on} aufgegeben."},
     {"{server} gave up for {recipient} at {time}, after {duration} and {attempts}.",
      "{server} hat für {recipient} am {time} aufgegeben, nach {duration.dative} und {attempts.dative}."}},
    {{}, {"The last answer was: {answer}", "Die letzte Antwort war: {answer}"}},
    {{"The sender was told.", "Der Absender wurde benachrichtigt."},
     {"Notice sent to {told}, delivered.", "Meldung an {told} geschickt und zugestellt."}},
    {{"A notice to the sender was sent, but it did not arrive so far.",
      "Eine Meldung an den Absender ging ab, kam bisher aber nicht an."},
     {"Notice sent to {told}, not delivered.", "Meldung an {told} geschickt, nicht zugestellt."}},
    {{"Nobody was told, for the mail itself was an automatic notice without a sender.",
      "Niemand wurde benachrichtigt, denn die Mail war selbst eine automatische Meldung ohne Absender."},
     {"Null sender: no notice.", "Leerer Absender: keine Meldung."}},
    {{"The sender should have got a notice.", "Der Absender sollte eine Meldung erhalten haben."},
     {"No notice is in the log.", "Im Log steht keine Meldung."}},
    // refused
    {{"The mail to {recipient} was not accepted {time.on}. The sender gets a notice from their own mail "
      "server.",
      "Die Mail an {recipient} wurde {time.on} nicht angenommen. Der Absender erhält eine Meldung von seinem "
      "eigenen Mailserver."},
     {"{server} ({by}) refused {client} for {recipient} at {time}: {answer}",
      "{server} ({by}) hat {client} für {recipient} am {time} abgewiesen: {answer}"}},
    {{"The mail to {recipient} was examined {time.on} and not accepted. The sender gets a notice from their "
      "own mail server.",
      "Die Mail an {recipient} wurde {time.on} geprüft und nicht angenommen. Der Absender erhält eine "
      "Meldung von seinem eigenen Mailserver."},
     {"A milter of {server} refused the mail of {client} for {recipient} at {time}: {answer}",
      "Ein Milter von {server} hat die Mail von {client} für {recipient} am {time} abgewiesen: {answer}"}},
    {{"The mail to {recipient} was not accepted {time.on}, because the sending server is not trusted. The "
      "sender gets a notice from their own mail server.",
      "Die Mail an {recipient} wurde {time.on} nicht angenommen, weil dem sendenden Server nicht vertraut "
      "wird. Der Absender erhält eine Meldung von seinem eigenen Mailserver."},
     {"{server} ({by}) blocked {client} for {recipient} at {time}: {answer}",
      "{server} ({by}) hat {client} für {recipient} am {time} blockiert: {answer}"}},
    {{"The mail to {recipient} was put off {time.on}. An ordinary mail server tries again by itself.",
      "Die Mail an {recipient} wurde {time.on} vorerst nicht angenommen. Ein gewöhnlicher Mailserver "
      "versucht es von selbst wieder."},
     {"{server} ({by}) put {client} off for {recipient} at {time}: {answer}",
      "{server} ({by}) hat {client} für {recipient} am {time} zurückgestellt: {answer}"}},
    {{"Listed by: {lists}.", "Gelistet bei: {lists}."}, {}},
    {{}, {"Logged before it: {reason}.", "Davor protokolliert: {reason}."}},
    {{"A filter rule of {recipient} refused the mail {time.on}; the sender was told.",
      "Eine Filterregel von {recipient} hat die Mail {time.on} abgelehnt; der Absender wurde "
      "benachrichtigt."},
     {"Sieve of {recipient} rejected the mail at {time}; notice to {target}.",
      "Sieve von {recipient} hat die Mail am {time} abgelehnt; Meldung an {target}."}},
    // greylisting
    {{"The mail to {recipient} was put off {time.on} as a precaution against spam. An ordinary mail server "
      "tries again by itself after some minutes.",
      "Die Mail an {recipient} wurde {time.on} zum Schutz vor Spam zurückgestellt. Ein gewöhnlicher "
      "Mailserver versucht es nach einigen Minuten von selbst wieder."},
     {"{server} greylisted {client} for {recipient} at {time}: {answer}",
      "{server} hat {client} für {recipient} am {time} per Greylisting zurückgestellt: {answer}"}},
    {{"It came back {accepted.on} and was accepted.", "Sie kam {accepted.on} wieder und wurde angenommen."},
     {"Came back and accepted at {accepted}, after {duration}.",
      "Wiedergekommen und angenommen am {accepted}, nach {duration.dative}."}},
    {{"It was delivered {delivered.on}.", "Zugestellt wurde sie {delivered.on}."},
     {"Delivered at {delivered}.", "Zugestellt am {delivered}."}},
    {{"It has not come back since.", "Seitdem kam sie nicht wieder."},
     {"Nothing with this sender and recipient from that network since.",
      "Seitdem nichts mit diesem Absender und Empfänger aus diesem Netz."}},
    // other ends
    {{"The mail to {recipient} was removed by an automatic rule {time.on}, without a notice to the sender.",
      "Die Mail an {recipient} wurde {time.on} durch eine automatische Regel entfernt, ohne Meldung an den "
      "Absender."},
     {"Discarded by {server} for {recipient} at {time}: {answer}",
      "Von {server} für {recipient} am {time} verworfen: {answer}"}},
    {{"A filter rule of {recipient} threw the mail away {time.on}.",
      "Eine Filterregel von {recipient} hat die Mail {time.on} verworfen."},
     {"Sieve of {recipient} discarded the mail at {time}.",
      "Sieve von {recipient} hat die Mail am {time} verworfen."}},
    {{"The mail to {recipient} was stopped by the spam and virus filter {time.on}.",
      "Die Mail an {recipient} wurde {time.on} vom Spam- und Virenfilter angehalten."},
     {"The content filter of {server} kept the mail for {recipient} at {time}: {answer}",
      "Der Inhaltsfilter von {server} hat die Mail für {recipient} am {time} einbehalten: {answer}"}},
    {{"The mail to {recipient} is being held back for examination, {time.since}.",
      "Die Mail an {recipient} wird {time.since} zur Prüfung zurückgehalten."},
     {"On hold on {server} for {recipient} since {time}; {release}.",
      "Auf {server} für {recipient} angehalten seit dem {time}; {release}."}},
    {{"The mail to {recipient} was removed by an administrator {time.on} before it was delivered.",
      "Die Mail an {recipient} wurde {time.on} von der Administration entfernt, bevor sie zugestellt wurde."},
     {"Deleted from the queue of {server} for {recipient} at {time} by an admin{delete}.",
      "Aus der Queue von {server} für {recipient} von der Administration gelöscht am {time}{delete}."}},
    {{"The mail was seen {accepted.on}, but the log does not say what became of it.",
      "Die Mail wurde {accepted.on} gesehen, im Protokoll steht aber nicht, was aus ihr wurde."},
     {"Seen on {server} at {accepted}; lines about its end are missing.",
      "Gesehen auf {server} am {accepted}; Zeilen über ihr Ende fehlen."}},
    {{"The mail to {recipient} is being examined by our filter, {time.since}.",
      "Die Mail an {recipient} wird {time.since} von unserem Filter geprüft."},
     {"{server} handed the mail for {recipient} to {target} at {time} ({answer}); what came back from there "
      "is not in the log.",
      "{server} hat die Mail für {recipient} am {time} an {target} übergeben ({answer}); was von dort "
      "zurückkam, steht nicht im Log."}},
    {{"It was written to {original}; mail for that address goes on to {recipient}.",
      "Geschrieben war sie an {original}; Mails an diese Adresse gehen weiter an {recipient}."},
     {"Addressed to {original}, expanded or forwarded to {recipient}.",
      "Adressiert an {original}, aufgelöst oder weitergeleitet an {recipient}."}},
    {{"A server began to hand the mail over {accepted.on}, but did not finish; it has to try again.",
      "Ein Server hat {accepted.on} begonnen, die Mail zu übergeben, wurde aber nicht fertig; er muss es "
      "noch einmal versuchen."},
     {"Opened on {server} at {accepted} by {client}, never queued: the client broke off, or log lines are "
      "missing.",
      "Auf {server} am {accepted} von {client} begonnen, nie in die Queue gelangt: Der Client brach ab, oder "
      "es fehlen Log-Zeilen."}},
};

}  // namespace

const Sentence& phrase(Phrase which) { return table[static_cast<size_t>(which)]; }

Sentence next_of(VerdictKind kind) {
  switch (kind) {
    case VerdictKind::delivered:
      return {{"Please look into all folders of the mailbox, also the spam folder; a rule of the mail "
               "program may have moved the mail.",
               "Bitte in allen Ordnern des Postfachs nachsehen, auch im Spam-Ordner; eine Regel des "
               "Mailprogramms kann die Mail verschoben haben."},
              {"Nothing to do.", "Nichts zu tun."}};
    case VerdictKind::delivered_elsewhere:
      return {{"If it cannot be found, the recipient should look into the spam folder and then ask their "
               "provider, with the time above.",
               "Ist sie nicht zu finden, sollte der Empfänger in den Spam-Ordner sehen und dann mit der "
               "genannten Zeit bei seinem Anbieter nachfragen."},
              {"Give the other side its own answer above; it holds their queue id.",
               "Der anderen Seite ihre eigene Antwort nennen; darin steht deren Queue-ID."}};
    case VerdictKind::forwarded:
      return {{"Look into the mailbox it was forwarded to.",
               "Bitte in dem Postfach nachsehen, an das weitergeleitet wurde."},
              {"Nothing to do here.", "Hier nichts zu tun."}};
    case VerdictKind::waiting:
      return {{"Please wait; nothing needs to be done.", "Bitte warten; es ist nichts zu tun."},
              {"Look at the last answer; in Postfix postqueue -i tries at once.",
               "Letzte Antwort ansehen; in Postfix versucht postqueue -i es sofort."}};
    case VerdictKind::greylisted:
      return {{"Please wait, usually 5 to 30 minutes.", "Bitte warten, üblich sind 5 bis 30 Minuten."},
              {"Nothing to do, unless the sending server never comes back.",
               "Nichts zu tun, außer der sendende Server kommt nie wieder."}};
    case VerdictKind::discarded:
      return {{"If the mail was wanted, please tell us.", "War die Mail erwünscht, bitte bei uns melden."},
              {"Look at the rule that discards.", "Die Regel ansehen, die verwirft."}};
    case VerdictKind::filtered:
      return {{"If the mail was wanted, please tell us; it may be in quarantine.",
               "War die Mail erwünscht, bitte bei uns melden; vielleicht liegt sie in der Quarantäne."},
              {"Look into the quarantine.", "In der Quarantäne nachsehen."}};
    case VerdictKind::held:
      return {{"We have to look at it.", "Wir müssen sie uns ansehen."},
              {"Look at it in the queue of {server}; {release}, or delete it{delete}.",
               "In der Queue von {server} ansehen; {release}, oder sie löschen{delete}."}};
    case VerdictKind::deleted:
      return {{"If the mail is needed, the sender should send it again.",
               "Wird die Mail gebraucht, sollte der Absender sie noch einmal senden."},
              {"Ask who deleted it.", "Fragen, wer sie gelöscht hat."}};
    case VerdictKind::waited:  // of a row, never of a mail
      break;
    case VerdictKind::unknown:
      return {{"Please ask again in a few minutes.", "Bitte in einigen Minuten noch einmal fragen."},
              {"Compare with the logs of that server.", "Mit den Logs dieses Servers vergleichen."}};
    case VerdictKind::bounced:
    case VerdictKind::refused:
      return {{"The sender should look at the notice and send the mail again when the reason is gone.",
               "Der Absender sollte die Meldung lesen und die Mail neu senden, wenn der Grund behoben ist."},
              {"Read the answer.", "Antwort lesen."}};
  }
  return {};
}

Sentence next_of_rule() {
  return {
      {"If the mail was wanted, the recipient should change the filter rules of the mailbox; then the sender "
       "can send it again.",
       "War die Mail erwünscht, sollte der Empfänger die Filterregeln seines Postfachs ändern; danach kann "
       "der Absender sie noch einmal senden."},
      {"Nothing to do on the servers: the Sieve script of {recipient} decided, and its owner can change it.",
       "Auf den Servern nichts zu tun: Das Sieve-Skript von {recipient} hat entschieden, dessen Inhaber kann "
       "es ändern."}};
}

Sentence next_overdue() {
  return {{"Please tell us; waiting alone may not help.",
           "Bitte bei uns melden; Warten allein hilft vielleicht nicht."},
          {"Look at the last line of {server} in the list of hosts, then at its log forwarding; in Postfix "
           "postqueue -p on {server} tells whether the mail still waits.",
           "Die letzte Zeile von {server} in der Liste der Server ansehen, dann dessen Log-Weiterleitung; in "
           "Postfix zeigt postqueue -p auf {server}, ob die Mail noch wartet."}};
}

Words next_own_rule() {
  return {"The rule is one of ours; the answer names it.",
          "Die Regel ist eine eigene; die Antwort nennt sie."};
}

Sentence next_not_finished() {
  return {
      {"Please wait; the sending server tries again. If it has not arrived after a day, please ask again.",
       "Bitte warten; der sendende Server versucht es wieder. Ist sie nach einem Tag nicht angekommen, bitte "
       "noch einmal melden."},
      {"Nothing to do, unless it stays so for hours; the log of the sending server says why it broke off.",
       "Nichts zu tun, solange es nicht über Stunden so bleibt; warum der sendende Server abbrach, steht in "
       "dessen Log."}};
}

Sentence next_for_now() {
  return {
      {"Please wait; the sending server tries again. If it has not arrived after a day, please ask again.",
       "Bitte warten; der sendende Server versucht es wieder. Ist sie nach einem Tag nicht angekommen, bitte "
       "noch einmal melden."},
      {"Read the answer; nothing to do unless it stays the same for hours.",
       "Antwort lesen; nichts zu tun, solange sie nicht über Stunden gleich bleibt."}};
}

void Telling::set_queue_commands(const ConnectRow& mail) {
  auto service = mail.service.value_or("");
  Words release{"an admin can release it", "die Administration kann sie freigeben"}, remove;
  if (mail.instance && mail.instance->starts_with("postfix")) {
    release = {"postsuper -H releases it", "postsuper -H gibt sie frei"};
    remove = {" (postsuper -d)", " (postsuper -d)"};
  } else if (service == "exim") {
    release = {"exim -Mt thaws it", "exim -Mt taut sie auf"};
    remove = {" (exim -Mrm)", " (exim -Mrm)"};
  }
  set("release", release);
  set("delete", remove);
}

Telling::Telling(const date::time_zone* zone, std::optional<Time> read_at)
    : zone_(zone), english_(Language::english, zone, read_at), german_(Language::german, zone, read_at) {}

void Telling::set(const std::string& name, Time time) {
  times_.emplace_back(name, time);
  values_.push_back(
      {name, time_text(time, Language::english, zone_), time_text(time, Language::german, zone_)});
}

void Telling::set_duration(const std::string& name, double seconds) {
  auto english = duration_text(seconds, Language::english);
  values_.push_back({name, english, duration_text(seconds, Language::german)});
  values_.push_back({name + ".dative", english, duration_text(seconds, Language::german, Case::dative)});
}

void Telling::set_attempts(int64_t count) {
  set("attempts", counted(count, {"attempt", "Versuch"}, {"attempts", "Versuche"}));
  set("attempts.dative", counted(count, {"attempt", "Versuch"}, {"attempts", "Versuchen"}));
}

// The last one that was set.
const Time* Telling::time_of(std::string_view name) const {
  for (auto time = times_.rbegin(); time != times_.rend(); ++time)
    if (time->first == name) return &time->second;
  return nullptr;
}

// "time.on"
std::optional<std::string> Telling::said(std::string_view name, TimeWords& times) const {
  auto dot = name.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  auto how = name.substr(dot + 1);
  auto which = std::string(name.substr(0, dot));
  if (how == "between") {
    auto *from = time_of(which + "_from"), *to = time_of(which + "_to");
    return from && to ? std::optional(times.between(*from, *to)) : std::nullopt;
  }
  auto* time = time_of(which);
  if (!time) return std::nullopt;
  if (how == "on") return times.on(*time);
  if (how == "by") return times.by(*time);
  if (how == "since") return times.since(*time);
  return std::nullopt;
}

// `times`: null for admins.
std::string Telling::put(const std::string& text, bool german, TimeWords* times) const {
  std::string out;
  std::string_view rest = text;
  while (!rest.empty()) {
    auto open = rest.find('{');
    out += rest.substr(0, open);
    if (open == std::string_view::npos) break;
    rest.remove_prefix(open);
    auto close = rest.find('}');
    auto name = rest.substr(1, close == std::string_view::npos ? close : close - 1);
    const Value* found = nullptr;
    for (auto& value : values_)
      if (value.name == name) found = &value;
    if (found)
      out += german ? found->de : found->en;
    else if (times)
      out += said(name, *times).value_or("");
    rest.remove_prefix(close == std::string_view::npos ? rest.size() : close + 1);
  }
  return out;
}

Sentence Telling::fill_all(const Sentence& s) {
  return {{put(s.customer.en, false, &english_), put(s.customer.de, true, &german_)},
          {put(s.admin.en, false, nullptr), put(s.admin.de, true, nullptr)}};
}

void append(Sentence& to, const Sentence& more) {
  auto add = [](std::string& text, const std::string& with) {
    if (with.empty()) return;
    if (!text.empty()) text += text.ends_with('.') || text.ends_with('!') || text.ends_with('?') ? " " : ". ";
    text += with;
  };
  add(to.customer.en, more.customer.en);
  add(to.customer.de, more.customer.de);
  add(to.admin.en, more.admin.en);
  add(to.admin.de, more.admin.de);
}

}  // namespace mailtrace
