// The words of statuses. Any thread.
#include "core/answer/status_words.h"

#include <utility>

#include "core/answer/verdict.h"

namespace mailtrace {

std::string row_status(const ConnectRow& connect, const DeliverRow* deliver) {
  if (!deliver) {
    if (connect.flags & row_flag::refused) return "rejected";
    if (connect.flags & row_flag::held) return "held";
    return connect.end_time ? "" : "queued";
  }
  auto status = deliver->status.value_or("");
  if (status != "sent" && status != "deferred") return status;
  switch (verdict_of_row(connect, deliver)) {
    case VerdictKind::delivered:
      return "delivered";
    case VerdictKind::forwarded:
      return "forwarded";
    case VerdictKind::refused:
      return "rejected";
    case VerdictKind::discarded:
      return "discarded";
    case VerdictKind::waited:
      return "delayed";
    default:
      return status;
  }
}

Words status_words(std::string_view row_status) {
  // English: as they are stored and asked for.
  static constexpr std::pair<std::string_view, const char*> german[] = {
      {"sent", "gesendet"},          {"delivered", "zugestellt"}, {"forwarded", "weitergeleitet"},
      {"deferred", "wartet"},        {"delayed", "verzögert"},    {"bounced", "unzustellbar"},
      {"expired", "aufgegeben"},     {"rejected", "abgelehnt"},   {"blocked", "blockiert"},
      {"greylisted", "Greylisting"}, {"discarded", "verworfen"},  {"filtered", "gefiltert"},
      {"held", "angehalten"},        {"deleted", "gelöscht"},     {"queued", "in Bearbeitung"}};
  for (auto& [status, word] : german)
    if (status == row_status) return {std::string(status), word};
  return {"unknown", "unbekannt"};
}

}  // namespace mailtrace
