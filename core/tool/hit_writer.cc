// One result after the other, in one of three forms. Main thread.
#include "core/tool/hit_writer.h"

#include "core/base/text.h"
#include "core/mail/row_csv.h"
#include "core/mail/row_json.h"

namespace mailtrace {
namespace {

std::string json(const std::vector<Hit>& hits) {
  std::string out;
  for (auto& hit : hits) {
    Json row;
    row["connect"] = to_json(hit.connect);
    row["deliver"] = hit.deliver ? to_json(*hit.deliver) : Json(nullptr);
    (out += dump_line(row)) += '\n';
  }
  return out;
}

// A terminal would obey what stands in a log line; a file gets it as it is.
std::string for_screen(std::string text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  return printable(text) + "\n";
}

}  // namespace

std::string HitWriter::head() const {
  if (form_ != Form::csv) return "";
  // Nobody wants the mark of a file's coding on a screen.
  return terminal_.is_terminal ? for_screen(csv_heading().substr(3)) : csv_heading();
}

std::string HitWriter::csv(const std::vector<Hit>& hits) const {
  std::string out;
  for (auto& hit : hits) {
    std::string row;
    add_csv_row(row, hit);
    out += terminal_.is_terminal ? for_screen(std::move(row)) : row;
  }
  return out;
}

std::string HitWriter::rows(const std::vector<Hit>& hits, std::span<const size_t> attempts) {
  switch (form_) {
    case Form::table:
      return table_.add(hits, attempts);
    case Form::json:
      return json(hits);
    case Form::csv:
      return csv(hits);
  }
  return "";
}

}  // namespace mailtrace
