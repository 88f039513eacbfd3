#include "tests/answer/stored.h"

#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <set>

#include "core/plugin/loader.h"

namespace mailtrace {

Stored::Stored(const StoredRows& rows, const std::vector<HourRow>& hours) {
  auto pattern = (std::filesystem::temp_directory_path() / "mailtrace-answer-XXXXXX").string();
  BOOST_REQUIRE(::mkdtemp(pattern.data()));
  folder_ = pattern;
  auto plugin = load_plugin(MAILTRACE_PLUGIN_OUTPUT, PluginKind::sink, "sqlite");
  BOOST_REQUIRE_MESSAGE(plugin, (plugin ? "" : plugin.error().text));
  ConfigErrors errors("test.yaml");
  sink_ = (*plugin)->make_sink(Node(), errors, StoreContext{"sqlite", folder_.string()});
  BOOST_REQUIRE(sink_);
  BOOST_REQUIRE(sink_->open());
  Batch batch;
  for (auto& [id, row] : rows.connects) {
    batch.connects.push_back(row);
    ids_.push_back(id);
  }
  for (auto& [id, row] : rows.deliveries) batch.deliveries.push_back(row);
  for (auto& [key, row] : rows.hosts) batch.hosts.push_back(row);
  batch.hours = hours;
  auto written = sink_->write(batch);
  BOOST_REQUIRE_MESSAGE(written, (written ? "" : written.error().text));
  auto reader = sink_->open_reader();
  BOOST_REQUIRE_MESSAGE(reader, (reader ? "" : reader.error().text));
  reader_ = std::move(*reader);
}

Stored::~Stored() {
  reader_.reset();
  sink_.reset();
  std::filesystem::remove_all(folder_);
}

std::vector<Trace> Stored::traces() {
  std::vector<Trace> out;
  std::set<Id> shown;
  for (auto& id : ids_) {
    if (shown.contains(id)) continue;
    auto trace = reader_->trace(id);
    BOOST_REQUIRE_MESSAGE(trace, (trace ? "" : trace.error().text));
    for (auto& mail : trace->mails) shown.insert(mail.connect.id);
    out.push_back(std::move(*trace));
  }
  return out;
}

}  // namespace mailtrace
