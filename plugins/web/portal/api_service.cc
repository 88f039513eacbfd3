// For machines: health, counters, the contract itself.
#include <set>

#include "core/base/counters.h"
#include "plugins/web/portal/api.h"

namespace mailtrace::portal {
namespace {

std::string metric_name(const std::string& name) { return "mailtrace_" + name; }

void add_metric(std::string& out, const std::string& name, const std::string& label, double value,
                std::set<std::string>& typed) {
  if (typed.insert(name).second)
    out += "# TYPE " + name + (name.ends_with("_total") ? " counter\n" : " gauge\n");
  std::string number = value == static_cast<double>(static_cast<int64_t>(value))
                           ? std::to_string(static_cast<int64_t>(value))
                           : std::to_string(value);
  out += name + (label.empty() ? "" : "{" + label + "}") + " " + number + "\n";
}

std::string label_text(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

// What the receiver of this process says of itself besides its counters.
void add_status(std::string& out, const std::string& text, std::set<std::string>& typed) {
  Json status = Json::parse(text, nullptr, false);
  if (!status.is_object()) return;
  auto number = [](const Json& json, const char* name) {
    auto found = json.is_object() ? json.find(name) : json.end();
    return found != json.end() && found->is_number() ? found->get<double>() : 0.0;
  };
  if (auto spool = status.find("spool"); spool != status.end() && spool->is_object()) {
    for (auto* name : {"segments", "bytes", "backlog_lines"})
      add_metric(out, std::string("mailtrace_spool_") + name, "", number(*spool, name), typed);
    auto gaps = spool->find("gaps");
    add_metric(out, "mailtrace_spool_gaps", "",
               gaps != spool->end() && gaps->is_array() ? static_cast<double>(gaps->size()) : 0, typed);
  }
  if (auto pipeline = status.find("pipeline"); pipeline != status.end())
    for (auto* name : {"open_mails", "held_lines"})
      add_metric(out, std::string("mailtrace_pipeline_") + name, "", number(*pipeline, name), typed);
  auto sinks = status.find("sinks");
  if (sinks == status.end() || !sinks->is_array()) return;
  for (auto* name : {"batches", "rows", "retries", "dead_letters"})
    for (auto& sink : *sinks)
      add_metric(out, std::string("mailtrace_sink_") + name + "_total",
                 "sink=\"" + label_text(sink.value("sink", "")) + "\"", number(sink, name), typed);
  for (auto& sink : *sinks)
    add_metric(out, "mailtrace_sink_up", "sink=\"" + label_text(sink.value("sink", "")) + "\"",
               sink.value("state", "") == "running" ? 1 : 0, typed);
  for (auto& sink : *sinks) {
    auto since = sink.find("waiting_since");
    Time time{};
    if (since != sink.end() && since->is_string()) parse_time(since->get<std::string>(), time);
    add_metric(out, "mailtrace_sink_waiting_since_timestamp_seconds",
               "sink=\"" + label_text(sink.value("sink", "")) + "\"", static_cast<double>(to_us(time)) / 1e6,
               typed);
  }
}

}  // namespace

Response get_health(Call& call) {
  auto reader = call.worker.reader();
  if (!reader) return call.fail(reader.error());
  if (auto days = (*reader)->days(); !days) return call.fail(days.error());
  return json_response({{"status", "ok"}});
}

Response get_metrics(Call& call) {
  std::string out;
  std::set<std::string> typed;
  for (auto& value : all_counters())
    add_metric(out, metric_name(value.name), value.label, static_cast<double>(value.value), typed);
  if (call.shared.status) add_status(out, call.shared.status(), typed);
  Response response{.status = 200, .type = "text/plain"};
  response.body = std::move(out);
  response.add("Cache-Control", "no-store");
  return response;
}

Response get_openapi(Call& call) {
  Response out{.status = 200, .type = "application/yaml"};
  out.body = call.shared.openapi;
  out.add("Cache-Control", "no-cache");
  return out;
}

}  // namespace mailtrace::portal
