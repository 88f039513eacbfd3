// `mailtrace reparse`: what no parser understood and the daemon kept takes the way of received lines again,
// with the parsers of today. A line makes the same row however often it is read. Main thread.
#include <fmt/format.h>

#include "core/base/counters.h"
#include "core/tool/command.h"
#include "core/tool/import_progress.h"
#include "core/tool/import_writer.h"
#include "core/tool/setup.h"
#include "core/usage/language.h"

namespace mailtrace {
namespace {

constexpr uint64_t lines_between_writes = 10'000;

int reparse(const Common& common, bool json) {
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
  Pipeline pipeline(import_config(setup->config().core.tracker),
                    {.zone = zone, .import = true, .hosts = hosts.get()}, setup->router(), nullptr,
                    writer.find_open());
  pipeline.know_refusals(writer.find_refusals());
  auto hints = writer.hints();
  if (!hints) return print_error(hints.error());
  pipeline.recall(*hints, now());

  ImportProgress progress(0, false);
  uint64_t fed = 0;
  auto lines =
      read_kept_lines(setup->config().core.state_directory, [&](const Record& record) -> Result<void> {
        pipeline.feed(record);
        progress.add_line(0);
        if (++fed % lines_between_writes != 0) return {};
        return writer.write_due(pipeline, record.received, false);
      });
  progress.clear();
  if (!lines) return print_error(lines.error());
  auto written = writer.write_due(pipeline, now(), true);
  if (!written) return print_error(written.error());
  progress.print_summary(writer, json);
  return exit_code::found;
}

}  // namespace

void add_reparse(CLI::App& app, Common& common) {
  auto* command = app.add_subcommand(
      "reparse", both("Reads the lines nobody understood again, after an update",
                      "Liest die Zeilen, die niemand verstand, nach einem Update noch einmal"));
  auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, both("the summary as JSON", "die Zusammenfassung als JSON"));
  command->callback([json, &common] { common.code = reparse(common, *json); });
}

}  // namespace mailtrace
