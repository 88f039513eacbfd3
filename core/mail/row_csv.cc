// CSV as the web page exports it. Any thread.
#include "core/mail/row_csv.h"

#include "core/mail/row_json.h"

namespace mailtrace {
namespace {

// A spreadsheet runs what begins like a formula; a quote before it makes it text (OWASP, CSV injection).
void add_cell(std::string& out, std::string_view text, bool first) {
  if (!first) out += ',';
  out += '"';
  // Blanks before it do not make it harmless.
  auto begin = text.find_first_not_of(" \t\r\n");
  bool formula = begin != std::string_view::npos &&
                 std::string_view("=+-@|%").find(text[begin]) != std::string_view::npos;
  bool control = !text.empty() && (text[0] == '\t' || text[0] == '\r' || text[0] == '\n');
  if (formula || control) out += '\'';
  for (char c : text) {
    if (c == '"') out += '"';
    out += c == '\0' ? ' ' : c;
  }
  out += '"';
}

std::string cell_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_null()) return "";
  return dump_line(value);
}

struct Heading {
  const char* table;
  const char* column;
};
constexpr Heading headings[] = {{"connect", "connect_time"},
                                {"deliver", "deliver_time"},
                                {"connect", "sender"},
                                {"deliver", "recipient"},
                                {"deliver", "original_recipient"},
                                {"deliver", "status"},
                                {"deliver", "dsn"},
                                {"deliver", "response"},
                                {"deliver", "relay_name"},
                                {"deliver", "relay_addr"},
                                {"deliver", "folder"},
                                {"deliver", "delay"},
                                {"connect", "subject"},
                                {"connect", "message_id"},
                                {"connect", "queue_id"},
                                {"deliver", "next_queue_id"},
                                {"connect", "server"},
                                {"connect", "client_name"},
                                {"connect", "client_addr"},
                                {"connect", "sasl_user"},
                                {"connect", "size"},
                                {"connect", "id"}};

}  // namespace

std::string csv_heading() {
  std::string out = "\xEF\xBB\xBF";
  bool first = true;
  for (auto& heading : headings) {
    add_cell(out, heading.column, first);
    first = false;
  }
  return out += "\r\n";
}

void add_csv_row(std::string& out, const Hit& hit) {
  Json connect = to_json(hit.connect), deliver = hit.deliver ? to_json(*hit.deliver) : Json::object();
  bool first = true;
  for (auto& heading : headings) {
    const Json& row = std::string_view(heading.table) == "connect" ? connect : deliver;
    auto found = row.find(heading.column);
    bool number = found != row.end() && found->is_number();
    if (number) {  // -1.5 is a number, no formula
      if (!first) out += ',';
      out += dump_line(*found);
    } else {
      add_cell(out, found == row.end() ? "" : cell_text(*found), first);
    }
    first = false;
  }
  out += "\r\n";
}

void add_csv_note(std::string& out, std::string_view text) {
  add_cell(out, text, true);
  out += "\r\n";
}

}  // namespace mailtrace
