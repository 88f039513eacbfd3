// `mailtrace dead-letter list|retry`: rows that a database refused, and a second chance for them. Main
// thread.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <set>

#include "core/base/text.h"
#include "core/mail/row_json.h"
#include "core/store/dead_letter_file.h"
#include "core/tool/command.h"
#include "core/tool/setup.h"
#include "core/tool/terminal.h"

namespace mailtrace {
namespace {

constexpr int exit_damaged = 65;  // EX_DATAERR

struct Entry {
  std::string line;  // as it stands in the file
  Json json;         // no object: the line cannot be understood, and stays
  std::string text(const char* key) const {
    if (!json.is_object()) return "";
    auto at = json.find(key);
    return at != json.end() && at->is_string() ? at->get<std::string>() : "";
  }
};

std::vector<Entry> parse_entries(const std::string& text) {
  std::vector<Entry> out;
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find('\n', at), text.size());
    if (end > at)
      out.push_back({text.substr(at, end - at),
                     Json::parse(text.begin() + static_cast<std::ptrdiff_t>(at),
                                 text.begin() + static_cast<std::ptrdiff_t>(end), nullptr, false)});
    at = end + 1;
  }
  return out;
}

// Nothing if there is no such file. `file` keeps its lock.
Result<std::vector<Entry>> read_entries(DeadLetterFile& file) {
  auto locked = file.lock();
  if (!locked) return locked.error();
  if (!*locked) return std::vector<Entry>{};
  auto text = file.read();
  if (!text) return text.error();
  return parse_entries(*text);
}

Result<void> replace_entries(DeadLetterFile& file, const std::vector<Entry>& left) {
  std::string text;
  for (auto& entry : left) text += entry.line + "\n";
  return file.replace(text);
}

std::string file_of(const Config& config) { return dead_letter_path(config.core.state_directory); }

// What tells a person which row it is.
std::string subject_of(const Entry& entry) {
  auto row = entry.json.is_object() ? entry.json.find("row") : entry.json.end();
  if (row == entry.json.end() || !row->is_object()) return printable(entry.line);
  std::string out;
  auto add = [&](std::initializer_list<const char*> keys) {
    for (auto key : keys)
      if (auto at = row->find(key); at != row->end() && at->is_string())
        out += (out.empty() ? "" : " ") + printable(at->get<std::string>());
  };
  add({"server", "queue_id", "sender", "recipient"});
  if (out.empty()) add({"connect_id"});
  return out;
}

int list(const Common& common, bool json) {
  auto setup = Setup::load(common);
  if (!setup) return exit_code::config;
  DeadLetterFile file(file_of(setup->config()));
  auto entries = read_entries(file);
  if (!entries) return print_error(entries.error());
  auto terminal = Terminal::of_stdout();
  for (auto& entry : *entries) {
    if (json) {
      Json out = entry.json.is_object() ? entry.json : Json{{"damaged", entry.line}};
      fmt::print("{}\n", dump_line(out));
      continue;
    }
    Time time;
    std::string at = parse_time(entry.text("time"), time) ? terminal.date_time(time) : "?";
    auto head = fmt::format("{}  {}  {}  {}", at, printable(entry.text("sink")),
                            printable(entry.text("table")), subject_of(entry));
    fmt::print("{}\n", terminal.width ? cut(head, terminal.width) : head);
    fmt::print("  {}\n", printable(entry.json.is_object() ? entry.text("error") : "damaged line"));
  }
  return entries->empty() ? exit_code::nothing : exit_code::found;
}

bool add_row(const Entry& entry, Batch& batch) {
  auto row = entry.json.is_object() ? entry.json.find("row") : entry.json.end();
  if (row == entry.json.end()) return false;
  auto table = entry.text("table");
  if (table == "connectlog") return from_json(*row, batch.connects.emplace_back());
  if (table == "deliverlog") return from_json(*row, batch.deliveries.emplace_back());
  return table == "lines" && from_json(*row, batch.lines.emplace_back());
}

// The daemon writes what a sink calls itself, an import its configured name.
Sink* sink_of(Setup& setup, const std::string& name) {
  for (auto& each : setup.sinks())
    if (each.name == name || each.plugin->describe() == name) return each.plugin.get();
  return nullptr;
}

// Well: the database has the row. One at a time: it may be the one that no database takes.
Result<void> retry_one(Setup& setup, std::set<Sink*>& open, const Entry& entry) {
  Batch batch;
  if (!add_row(entry, batch)) return Error{Fault::permanent, "this line is damaged: " + entry.line};
  Sink* sink = sink_of(setup, entry.text("sink"));
  if (!sink) return Error{Fault::permanent, "no configured sink is " + entry.text("sink")};
  if (!open.contains(sink)) {
    if (auto opened = sink->open(); !opened) return opened;
    open.insert(sink);
  }
  return sink->write(batch);
}

int retry(const Common& common) {
  auto setup = Setup::load(common);
  if (!setup) return exit_code::config;
  if (!setup->make_sinks(common.sink)) return print_errors(setup->errors());
  DeadLetterFile file(file_of(setup->config()));
  auto entries = read_entries(file);
  if (!entries) return print_error(entries.error());
  std::vector<Entry> left;
  std::set<Sink*> open;
  bool away = false;  // the database does not answer: then nothing more is tried
  for (auto& entry : *entries) {
    bool asked = common.sink.empty() || sink_of(*setup, entry.text("sink"));
    auto written = asked && !away ? retry_one(*setup, open, entry) : Error{};
    if (written) continue;
    if (asked && !away) print_error({written.error().fault, subject_of(entry) + ": " + written.error().text});
    away = away || (asked && written.error().fault != Fault::permanent);
    left.push_back(std::move(entry));
  }
  // A row that is in both is written once more some day, which changes nothing.
  if (left.size() < entries->size())
    if (auto replaced = replace_entries(file, left); !replaced) return print_error(replaced.error());
  auto terminal = Terminal::of_stdout();
  fmt::print(
      "{}, {} {}\n",
      terminal.counted(static_cast<int64_t>(entries->size() - left.size()), "row written", "rows written"),
      left.size(), terminal.say("left"));
  if (away) return exit_code::unavailable;
  return left.empty() ? exit_code::found : exit_damaged;
}

}  // namespace

void add_dead_letter(CLI::App& app, Common& common) {
  auto* command = app.add_subcommand(
      "dead-letter", both("Rows that a database refused", "Zeilen, die eine Datenbank nicht annahm"));
  command->require_subcommand(1);
  auto json = std::make_shared<bool>(false);
  auto* print = command->add_subcommand(
      "list", both("Prints each with the database's reason", "Gibt jede mit dem Grund der Datenbank aus"));
  print->add_flag("--json", *json, both("one JSON object a line", "ein JSON-Objekt je Zeile"));
  print->callback([json, &common] { common.code = list(common, *json); });
  auto* again = command->add_subcommand(
      "retry", both("Writes each again; those that are taken leave the file",
                    "Schreibt jede noch einmal; was angenommen wird, verlässt die Datei"));
  again->callback([&common] { common.code = retry(common); });
}

}  // namespace mailtrace
