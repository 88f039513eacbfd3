// `mailtrace import FILE…`: old log files take the way of received lines into every configured database. The
// same lines make the same rows, so a second import changes nothing. Main thread.
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <numeric>

#include "core/base/text.h"
#include "core/store/pipeline.h"
#include "core/tool/command.h"
#include "core/tool/import_progress.h"
#include "core/tool/import_writer.h"
#include "core/tool/line_file.h"
#include "core/tool/setup.h"
#include "core/usage/choices.h"
#include "core/usage/language.h"

namespace mailtrace {
namespace {

constexpr int exit_damaged = 65;  // EX_DATAERR
constexpr size_t lines_between_writes = 10'000;

struct Request {
  std::vector<std::string> files;
  int year = 0;
  std::string host;
  bool json = false, quiet = false;
};

// What stands for "when it was received": stamps without a year belong to the twelve months before it.
Time received_of(const LineFile& file, int year) {
  if (year == 0) return file.modified();
  auto end = std::chrono::sys_days(std::chrono::year(year) / 12 / 31) + std::chrono::days(1);
  return std::min<Time>(file.modified(), Time(end) - std::chrono::seconds(1));
}

Record record_of(std::string_view line, Time received, bool truncated, const Request& r) {
  Record record;
  record.received = received;
  record.transport = Transport::import;
  record.flags = truncated ? record_flag::truncated : uint8_t{0};
  record.peer = r.host;
  record.bytes = line;
  return record;
}

// The stamp of the first line; of a file that cannot be read twice, or is empty: none.
std::optional<Time> first_stamp(const std::string& path, const HeaderOptions& header, const Request& r) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  auto file = LineFile::open(path);
  std::string_view bytes;
  bool truncated = false;
  if (!file || !file->next(bytes, truncated)) return std::nullopt;
  LogLine line;
  parse_header(record_of(bytes, received_of(*file, r.year), truncated, r), header, line);
  return line.time;
}

// Oldest first, as `mail.log*` names the newest first. Files without a first stamp keep their places behind.
std::vector<std::string> in_order(const Request& r, const HeaderOptions& header) {
  std::vector<std::pair<std::optional<Time>, std::string>> stamped;
  for (auto& path : r.files) stamped.emplace_back(first_stamp(path, header, r), path);
  std::stable_sort(stamped.begin(), stamped.end(), [](auto& a, auto& b) {
    if (!a.first || !b.first) return a.first.has_value() && !b.first.has_value();
    return *a.first < *b.first;
  });
  std::vector<std::string> out;
  out.reserve(stamped.size());
  for (auto& [time, path] : stamped) out.push_back(path);
  return out;
}

bool all_readable(const std::vector<std::string>& files) {
  bool good = true;
  for (auto& path : files) {
    if (path == "-") continue;
    auto file = LineFile::open(path);
    if (file) continue;
    print_error(file.error());
    good = false;
  }
  return good;
}

uint64_t total_size(const std::vector<std::string>& files) {
  return std::accumulate(files.begin(), files.end(), uint64_t{0}, [](uint64_t sum, const std::string& path) {
    struct stat status {};
    bool is_file = path != "-" && ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
    return sum + (is_file ? static_cast<uint64_t>(status.st_size) : 0);
  });
}

// Feeds one file. The lines of all files go through one pipeline: a mail may begin in one and end in the
// next.
Result<void> feed(LineFile& file, Pipeline& pipeline, ImportWriter& writer, ImportProgress& progress,
                  const Request& r) {
  std::string_view bytes;
  bool truncated = false;
  auto received = received_of(file, r.year);
  uint64_t before = progress.bytes();
  for (size_t since = 0; file.next(bytes, truncated);) {
    if (bytes.empty()) continue;
    pipeline.feed(record_of(bytes, received, truncated, r));
    progress.add_line(before + file.consumed());
    if (++since < lines_between_writes) continue;
    since = 0;
    // Nothing is overdue within a file: all of it was received at once.
    auto written = writer.write_due(pipeline, received, false);
    if (!written) return written;
  }
  return {};
}

int import(const Common& common, const Request& r) {
  if (!all_readable(r.files)) return exit_code::no_input;
  auto setup = Setup::load(common);
  if (!setup) return exit_code::config;
  bool made = setup->make_parsers();
  made = setup->make_sinks(common.sink) && made;
  const auto* zone = configured_zone(setup->config(), setup->errors());
  auto hosts = configured_hosts(setup->config(), setup->errors());
  if (!made || !setup->errors().empty()) return print_errors(setup->errors());

  ImportWriter writer(*setup);
  auto opened = writer.open();
  if (!opened) return print_error(opened.error());
  HeaderOptions header{.zone = zone, .import = true, .hosts = hosts.get()};
  Pipeline pipeline(import_config(setup->config().core.tracker), header, setup->router(), nullptr,
                    writer.find_open());
  pipeline.know_refusals(writer.find_refusals());
  UnknownLines unknown;
  pipeline.keep_unknown(&unknown);

  auto hints = writer.hints();
  if (!hints) return print_error(hints.error());
  pipeline.recall(*hints, now());

  ImportProgress progress(total_size(r.files), r.quiet);
  int code = exit_code::found;
  for (auto& path : in_order(r, header)) {
    auto file = LineFile::open(path);
    if (!file) return print_error(file.error());
    progress.begin_file(path);
    auto fed = feed(*file, pipeline, writer, progress, r);
    if (!fed) return print_error(fed.error());
    if (file->end()) continue;
    progress.clear();
    print_error(file->end().error());
    code = exit_damaged;
  }
  auto written = writer.write_due(pipeline, now(), true);
  progress.clear();
  if (!written) return print_error(written.error());
  if (writer.dead_letters() > 0) code = exit_damaged;
  if (!r.quiet) progress.print_summary(writer, r.json);
  return code;
}

}  // namespace

void add_import(CLI::App& app, Common& common) {
  auto* command = app.add_subcommand(
      "import", both("Reads log files into the databases; a second time changes nothing",
                     "Liest Log-Dateien in die Datenbanken ein; ein zweites Mal ändert nichts"));
  auto r = std::make_shared<Request>();
  command
      ->add_option("files", r->files,
                   both("plain, gzip, xz or zstd; - is standard input; sorted by their first stamp",
                        "einfach, gzip, xz oder zstd; - ist die Standardeingabe; nach ihrem ersten "
                        "Zeitstempel geordnet"))
      ->required()
      ->type_name("FILE");
  command
      ->add_option("--year", r->year,
                   both("of stamps without a year; default: the twelve months before the file changed",
                        "für Zeitstempel ohne Jahr; sonst die zwölf Monate vor der Änderung der Datei"))
      ->check(within(1970, 9999))
      ->type_name("YEAR");
  command
      ->add_option("--host", r->host,
                   both("the server, for lines that name none", "der Server, für Zeilen, die keinen nennen"))
      ->type_name("NAME");
  command->add_flag("--json", r->json, both("the summary as JSON", "die Zusammenfassung als JSON"));
  command->add_flag("-q,--quiet", r->quiet,
                    both("no progress, no summary", "kein Fortschritt, keine Zusammenfassung"));
  command->callback([r, &common] { common.code = import(common, *r); });
}

}  // namespace mailtrace
