// `mailtrace spool verify|dump|salvage`: looks into a spool directory, at rest or in use. Main thread.
#include "core/spool/spool.h"

#include <fmt/format.h>

#include <cstdio>

#include "core/base/plural.h"
#include "core/base/text.h"
#include "core/mail/row_json.h"
#include "core/tool/command.h"
#include "core/tool/setup.h"
#include "core/tool/terminal.h"

namespace mailtrace {
namespace {

constexpr int exit_damaged = 65;  // EX_DATAERR

std::string bytes_text(uint64_t count) { return counted(static_cast<int64_t>(count), "byte", "bytes"); }

int print_report(const SpoolReport& report, std::FILE* to) {
  fmt::print(to, "spool      {}\nsegments   {}\nbytes      {}\nrecords    {}\n", report.id, report.segments,
             human_size(static_cast<int64_t>(report.bytes)), report.records);
  if (report.records)
    fmt::print(to, "sequences  {} to {}\n", report.first_sequence, report.next_sequence - 1);
  if (report.torn_bytes)
    fmt::print(to, "torn end   {}, never acknowledged; normal after a crash\n",
               bytes_text(report.torn_bytes));
  for (auto& gap : report.gaps)
    fmt::print(to, "damage     {}: {}, sequences {} to {}: {}\n", printable(gap.segment),
               bytes_text(gap.bytes), gap.first_sequence, gap.next_sequence - 1, printable(gap.reason));
  if (!report.later_version.empty())
    fmt::print(to, "later      {} is of a later version: left alone, and nothing behind it is read before\n",
               printable(report.later_version));
  return report.gaps.empty() && report.later_version.empty() ? exit_code::found : exit_damaged;
}

// The spool of the configuration unless one is named; empty: errors were printed.
std::string directory_of(const std::string& named, const Common& common) {
  if (!named.empty()) return named;
  auto setup = Setup::load(common);
  return setup ? setup->config().core.spool_directory() : "";
}

int verify(const std::string& named, const Common& common) {
  auto directory = directory_of(named, common);
  if (directory.empty()) return exit_code::config;
  auto report = verify_spool(directory);
  return report ? print_report(*report, stdout) : print_error(report.error());
}

void print_record(const Record& record, bool json) {
  if (!json) {
    fmt::print("{} {} {} {} {}\n", record.sequence, format_time(record.received),
               transport_name(record.transport), printable(record.peer), printable(record.bytes));
    return;
  }
  Json out{{"sequence", record.sequence},
           {"received", format_time(record.received)},
           {"transport", std::string(transport_name(record.transport))},
           {"flags", record.flags},
           {"peer", std::string(record.peer)},
           {"line", std::string(record.bytes)}};
  fmt::print("{}\n", dump_line(out));
}

int dump(const std::string& named, bool json, const Common& common) {
  auto directory = directory_of(named, common);
  if (directory.empty()) return exit_code::config;
  auto report = verify_spool(directory, [json](const Record& record) { print_record(record, json); });
  if (!report) return print_error(report.error());
  return report->gaps.empty() && report->later_version.empty() ? exit_code::found
                                                               : print_report(*report, stderr);
}

int salvage(const std::string& from, const std::string& to) {
  auto report = salvage_spool(from, to);
  return report ? print_report(*report, stdout) : print_error(report.error());
}

}  // namespace

void add_spool(CLI::App& app, Common& common) {
  struct Request {
    std::string directory, to;
    bool json = false;
  };
  auto* command =
      app.add_subcommand("spool", both("Looks into a spool directory", "Sieht in den Ordner eines Spools"));
  command->require_subcommand(1);
  auto r = std::make_shared<Request>();
  auto* check = command->add_subcommand(
      "verify", both("Reads all of it and names every damage; 65 if there is any",
                     "Liest ihn ganz und nennt jeden Schaden; gibt es einen, endet es mit 65"));
  auto* print = command->add_subcommand("dump", both("Prints every record", "Gibt jeden Datensatz aus"));
  auto* copy =
      command->add_subcommand("salvage", both("Copies every readable record into a new spool",
                                              "Kopiert jeden lesbaren Datensatz in einen neuen Spool"));
  for (auto* each : {check, print})
    each->add_option("directory", r->directory,
                     both("a spool; default: the one of the configuration",
                          "ein Spool; sonst der aus der Konfiguration"))
        ->type_name("DIRECTORY");
  copy->add_option("directory", r->directory, both("the spool", "der Spool"))
      ->required()
      ->type_name("DIRECTORY");
  print->add_flag("--json", r->json, both("one JSON object a line", "ein JSON-Objekt je Zeile"));
  copy->add_option("to", r->to, both("a new or empty directory", "ein neuer oder leerer Ordner"))
      ->required()
      ->type_name("NEW-DIRECTORY");
  check->callback([r, &common] { common.code = verify(r->directory, common); });
  print->callback([r, &common] { common.code = dump(r->directory, r->json, common); });
  copy->callback([r, &common] { common.code = salvage(r->directory, r->to); });
}

}  // namespace mailtrace
