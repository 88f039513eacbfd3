// English to German. Sorted by where it is shown. Any thread.
#include "core/tool/texts.h"

#include <utility>

namespace mailtrace {
namespace {

constexpr std::pair<std::string_view, std::string_view> table[] = {
    // status words
    {"sent", "zugestellt"},
    {"deferred", "verzögert"},
    {"bounced", "unzustellbar"},
    {"expired", "abgelaufen"},
    {"rejected", "abgelehnt"},
    {"blocked", "blockiert"},
    {"greylisted", "Greylisting"},
    {"discarded", "verworfen"},
    {"filtered", "gefiltert"},
    {"held", "angehalten"},
    {"deleted", "gelöscht"},
    {"queued", "wartet"},
    {"unknown", "unbekannt"},
    // lists
    {"from", "von"},
    {"to", "an"},
    {"for", "für"},
    {"login", "Anmeldung"},
    {"from this server itself", "von diesem Server selbst"},
    {"into folder", "in Ordner"},
    {"result", "Treffer"},
    {"results", "Treffer"},
    {"times in", "Zeiten in"},
    {"more", "weiter"},
    {"nothing found", "nichts gefunden"},
    {"more mails have this; see", "weitere Mails haben das auch; siehe"},
    // show
    {"From", "Von"},
    {"To", "An"},
    {"Subject", "Betreff"},
    {"Times in", "Zeiten in"},
    {"What became of it", "Was daraus wurde"},
    {"no attempt logged yet", "noch kein Versuch im Log"},
    {"last answer", "letzte Antwort"},
    {"The way", "Der Weg"},
    {"Log lines", "Log-Zeilen"},
    {"until", "bis"},
    {"refused", "abgewiesen"},
    {"not queued", "nicht in der Queue"},
    {"comes from", "kommt von"},
    {"filter", "Filter"},
    {"relay", "Weitergabe"},
    {"forward", "Weiterleitung"},
    {"bounce", "Rückmeldung"},
    {"resend", "neu eingestellt"},
    {"by", "durch"},
    {"sender", "Absender"},
    {"recipient", "Empfänger"},
    {"recipients", "Empfänger"},
    {"a notice about another mail", "Meldung über eine andere Mail"},
    {"the server's clock is wrong", "die Uhr des Servers geht falsch"},
    {"a log line was cut", "eine Log-Zeile wurde abgeschnitten"},
    {"spam score", "Spam-Wert"},
    {"action", "Aktion"},
    {"after", "nach"},
    {"before the queue", "vor der Queue"},
    {"in the queue", "in der Queue"},
    {"connecting", "Verbindung"},
    {"transmitting", "Übertragung"},
    // status
    {"on", "auf"},
    {"running since", "läuft seit"},
    {"mailtraced does not run here", "mailtraced läuft hier nicht"},
    {"Inputs", "Eingänge"},
    {"none", "keine"},
    {"segment", "Segment"},
    {"segments", "Segmente"},
    {"line waits to be read", "Zeile wartet darauf, gelesen zu werden"},
    {"lines wait to be read", "Zeilen warten darauf, gelesen zu werden"},
    {"failed: the disk takes nothing any more", "ausgefallen: die Platte nimmt nichts mehr an"},
    {"damage in", "Schaden in"},
    {"bytes", "Bytes"},
    {"reader", "Leser"},
    {"reading", "liest"},
    {"opening", "wird geöffnet"},
    {"running", "läuft"},
    {"retrying", "versucht es wieder"},
    {"stopped", "angehalten"},
    {"draining", "liest zu Ende"},
    {"ended", "beendet"},
    {"waiting for the database", "wartet auf die Datenbank"},
    {"newest line read", "neueste gelesene Zeile"},
    {"mails under way", "Mails unterwegs"},
    {"lines held for their order", "Zeilen zum Ordnen zurückgehalten"},
    {"cache", "Cache"},
    {"Databases", "Datenbanken"},
    {"in trouble since", "gestört seit"},
    {"rows written", "Zeilen geschrieben"},
    {"last", "zuletzt"},
    {"rows set aside in dead-letter.jsonl", "Zeilen beiseite gelegt in dead-letter.jsonl"},
    {"Look at", "Anzusehen"},
    {"Servers in the database", "Server in der Datenbank"},
    {"line", "Zeile"},
    {"lines", "Zeilen"},
    {"imported", "importiert"},
    {"not understood", "nicht verstanden"},
    {"Receivers", "Empfangende Instanzen"},
    {"stored up to record", "gespeichert bis Datensatz"},
    {"spool", "Spool"},
};

}  // namespace

std::string_view german_text(std::string_view english) {
  for (auto& [from, to] : table)
    if (from == english) return to;
  return english;
}

}  // namespace mailtrace
