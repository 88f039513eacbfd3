// All results of a search as a table for a spreadsheet, or as JSON.
#include <algorithm>

#include "core/base/counters.h"
#include "core/mail/row_csv.h"
#include "plugins/web/portal/mail_view.h"

namespace mailtrace::portal {
namespace {

constexpr int page_size = 1000;
constexpr size_t most_bytes = 64u << 20;

struct Exported {
  std::optional<Response> refused;  // what to answer instead
  int64_t count = 0;
  bool whole = true;  // false: there are more results than one file holds
};

// Page after page; `add` gets each hit and returns the bytes that are there.
template <class Add>
Exported walk(Call& call, Add&& add) {
  Exported out;
  auto criteria = read_criteria(call, {"language"});
  if (criteria.refused) {
    out.refused = std::move(criteria.refused);
    return out;
  }
  auto language = call.request.parameter("language");
  if (language && language != "de" && language != "en") {
    out.refused = invalid(call, "language");
    return out;
  }
  Query& query = criteria.query;
  query.after.clear();
  query.limit = page_size;
  query.budget_ms = 2000;
  auto reader = call.worker.reader();
  if (!reader) {
    out.refused = call.fail(reader.error());
    return out;
  }
  Scope scope(call.caller.user);
  ScopedReader scoped(**reader, scope);
  size_t bytes = 0;
  do {
    query.limit = static_cast<int>(std::min<int64_t>(page_size, call.shared.most_exported - out.count));
    auto page = scoped.search(query);
    if (!page) {
      out.refused = call.fail(page.error());
      return out;
    }
    for (auto& hit : page->hits) {
      if (hit.deliver) hit.deliver = shown(std::move(*hit.deliver));
      bytes = add(hit);
      ++out.count;
    }
    query.after = page->next;
    out.whole = page->next.empty();
  } while (!out.whole && out.count < call.shared.most_exported && bytes < most_bytes);
  call.record("export", criteria_text(query), out.count);
  return out;
}

std::string end_text(const Call& call, const Exported& exported) {
  Words words{
      "Not all: this file holds {count} results, there are more. Limit the search to export the rest.",
      "Nicht alles: Diese Datei hat {count} Ergebnisse, es gibt mehr. Für den Rest bitte die Suche "
      "eingrenzen."};
  return fill(words.in(call.language), {{"count", std::to_string(exported.count)}});
}

Response as_file(std::string body, const char* type, const char* name, const Exported& exported) {
  Response out{.status = 200, .type = type};
  out.body = std::move(body);
  out.add("Content-Disposition", std::string("attachment; filename=\"") + name + '"');
  out.add("Cache-Control", "no-store");
  out.add("Mailtrace-Export", exported.whole ? "complete" : "truncated");
  return out;
}

}  // namespace

Response export_csv(Call& call) {
  std::string body = csv_heading();
  auto exported = walk(call, [&](const Hit& hit) {
    add_csv_row(body, hit);
    return body.size();
  });
  if (exported.refused) return std::move(*exported.refused);
  if (!exported.whole) add_csv_note(body, end_text(call, exported));
  return as_file(std::move(body), "text/csv", "mailtrace.csv", exported);
}

Response export_json(Call& call) {
  std::string body = "[";
  auto exported = walk(call, [&](const Hit& hit) {
    if (body.size() > 1) body += ",\n";
    body += dump_line({{"connect", to_json(hit.connect)},
                       {"deliver", hit.deliver ? to_json(*hit.deliver) : Json(nullptr)}});
    return body.size();
  });
  if (exported.refused) return std::move(*exported.refused);
  if (!exported.whole)
    body +=
        ",\n" +
        dump_line({{"truncated", true}, {"results", exported.count}, {"detail", end_text(call, exported)}});
  return as_file(body + "]\n", "application/json", "mailtrace.json", exported);
}

}  // namespace mailtrace::portal
