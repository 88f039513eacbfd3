// The answer to `mailtrace status`: what is received, kept, understood and stored, and what is in trouble.
#include <algorithm>

#include "core/base/counters.h"
#include "core/daemon/daemon.h"
#include "core/mail/row_json.h"

namespace mailtrace {
namespace {

Json time_or_null(Time time) { return time == Time{} ? Json(nullptr) : Json(format_time(time)); }

// There is one position in the spool: a sink that has stored everything waits for the one that has not.
std::string waits_for(const SinkWorker::Status& sink, const std::vector<SinkWorker::Status>& all,
                      const LineReader::Status& reader) {
  auto in_trouble = [](const SinkWorker::Status& one) {
    return one.failing_since != Time{} || one.waiting_since != Time{};
  };
  if (!sink.is_idle || in_trouble(sink)) return "";
  for (auto& other : all)
    if (in_trouble(other) && (other.is_full || reader.waits_for_database)) return other.sink;
  return "";
}

Json sink_json(const SinkWorker::Status& status, const std::vector<SinkWorker::Status>& all,
               const LineReader::Status& reader) {
  Time visible = status.visible_until == Time{} ? reader.unread_since : status.visible_until;
  return {{"sink", status.sink},
          {"state", status.state},
          {"failing_since", time_or_null(status.failing_since)},
          {"last_error", status.last_error},
          {"waiting_since", time_or_null(status.waiting_since)},
          {"waits_for", waits_for(status, all, reader)},
          {"other_spool", status.other_spool},
          {"last_commit", time_or_null(status.last_commit)},
          {"visible_until", time_or_null(visible)},
          {"insert_mode", "checked"},  // the only one: sql/README.md, "Writing"
          {"committed", status.committed},
          {"batches", status.batches},
          {"rows", status.rows},
          {"retries", status.retries},
          {"dead_letters", status.dead_letters}};
}

Json spool_json(const SpoolStatus& status, const LineReader::Status& reader) {
  Json gaps = Json::array();
  for (auto& gap : status.gaps)
    gaps.push_back({{"first", gap.first_sequence},
                    {"next", gap.next_sequence},
                    {"bytes", gap.bytes},
                    {"segment", gap.segment},
                    {"reason", gap.reason}});
  // A reader that waits for its database stands at 0; what was stored before its start waits for nobody.
  uint64_t read_until = std::max({reader.next_sequence, status.stored_sequence, status.first_sequence});
  uint64_t unread = status.durable_sequence - std::min(status.durable_sequence, read_until);
  return {{"id", status.id},
          {"segments", status.segments},
          {"bytes", status.bytes},
          {"next", status.next_sequence},
          {"backlog_lines", unread},
          {"failed", status.failed},
          {"last_error", status.last_error},
          {"gaps", std::move(gaps)}};
}

Json unknown_json(const UnknownLines& unknown) {
  Json out = Json::array();
  for (auto& program : unknown.list())
    out.push_back({{"program", program.program},
                   {"lines", program.lines},
                   {"host", program.host},
                   {"time", format_time(program.time)},
                   {"text", program.text}});
  return out;
}

}  // namespace

void Daemon::refresh_status() {
  if (plugins_.webs.empty()) return;
  std::string fresh = status_json();
  std::lock_guard lock(status_mutex_);
  last_status_ = std::move(fresh);
}

std::string Daemon::status_json() const {
  auto reader = line_reader_ ? line_reader_->status() : LineReader::Status{};
  Json inputs = Json::array(), sinks = Json::array(), counters = Json::array();
  for (auto& named : plugins_.inputs)
    inputs.push_back({{"input", named.name}, {"at", named.plugin->describe()}});
  std::vector<SinkWorker::Status> states;
  states.reserve(sinks_.size());
  for (auto& sink : sinks_) {
    auto& state = states.emplace_back(sink->status());
    // Nothing may be written to it meanwhile, but the pipeline waits for its reader.
    if (state.waiting_since == Time{} && state.sink == reader.asked) state.waiting_since = reader.asked_since;
  }
  for (auto& state : states) sinks.push_back(sink_json(state, states, reader));
  for (auto& value : all_counters())
    counters.push_back({{"name", value.name}, {"label", value.label}, {"value", value.value}});
  Json out{{"name", config_->core.name},
           {"version", MAILTRACE_VERSION},
           {"time", format_time(now())},
           {"started", format_time(started_)},
           {"inputs", std::move(inputs)},
           {"spool", spool_ ? spool_json(spool_->status(), reader) : Json(nullptr)},
           {"pipeline",
            {{"state", reader.state},
             {"visible_until", time_or_null(reader.newest)},
             {"open_mails", reader.open_mails},
             {"held_lines", reader.held_lines}}},
           {"cache", plugins_.cache ? Json(plugins_.cache->describe()) : Json(nullptr)},
           {"sinks", std::move(sinks)},
           {"unknown", line_reader_ ? unknown_json(line_reader_->unknown()) : Json::array()},
           {"counters", std::move(counters)}};
  return dump_line(out);
}

}  // namespace mailtrace
