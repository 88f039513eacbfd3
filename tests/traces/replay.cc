#include "tests/traces/replay.h"

#include <zstd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <random>

#include "core/mail/columns.h"
#include "core/mail/plausible.h"
#include "core/mail/row_json.h"
#include "core/parse/header.h"
#include "core/plugin/loader.h"
#include "core/track/queue_id.h"

namespace mailtrace {
namespace {

[[noreturn]] void give_up(const std::string& why) {
  std::cerr << why << "\n";
  std::exit(2);
}

Record record_of(const std::string& line, uint64_t sequence, Time received) {
  Record record;
  record.sequence = sequence;
  record.received = received;
  record.transport = Transport::relp;
  record.peer = "192.0.2.1";
  record.bytes = line;
  return record;
}

}  // namespace

void StoredRows::take(const Batch& batch) {
  for (auto& row : batch.connects) {
    auto [found, added] = connects.try_emplace(row.id, row);
    if (!added) merge(found->second, row);
  }
  for (auto& row : batch.deliveries) {
    auto [found, added] = deliveries.try_emplace(row.id, row);
    if (!added) merge(found->second, row);
  }
  for (auto& row : batch.lines) {
    auto size = ZSTD_getFrameContentSize(row.data.data(), row.data.size());
    std::string text(size, '\0');
    if (ZSTD_isError(ZSTD_decompress(text.data(), text.size(), row.data.data(), row.data.size())))
      give_up("lines do not decompress");
    for (size_t at = 0; at < text.size();) {
      auto end = text.find('\n', at);
      lines[row.connect_id].insert(text.substr(at, end - at));
      at = end + 1;
    }
  }
  for (auto& row : batch.hints) hints[row.id] = row;
  for (auto& row : batch.hosts) {
    auto [found, added] = hosts.try_emplace({row.day, row.host}, row);
    if (added) continue;
    HostRow& to = found->second;
    to.first_time = std::min(to.first_time, row.first_time);
    to.last_time = std::max(to.last_time, row.last_time);
    to.lines += row.lines;
    to.unknown += row.unknown;
  }
  checkpoint = batch.checkpoint;
}

std::optional<Mail> StoredRows::find_open(const std::string& server, const std::string& queue_id,
                                          Time at) const {
  at = within_calendar(at);  // as time_value() of the databases
  const ConnectRow* best = nullptr;
  for (auto& [id, row] : connects)
    if (row.server == server && row.queue_id == queue_id && row.connect_time <= at &&
        (!best || row.connect_time > best->connect_time ||
         (row.connect_time == best->connect_time && row.id > best->id)))
      best = &row;
  if (!best) return std::nullopt;
  Mail mail;
  mail.connect = *best;
  for (auto& [id, row] : deliveries)
    if (row.connect_id == best->id) mail.deliveries.push_back(row);
  std::stable_sort(mail.deliveries.begin(), mail.deliveries.end(),
                   [](auto& a, auto& b) { return a.deliver_time < b.deliver_time; });
  return mail;
}

std::vector<std::string> StoredRows::print(bool with_lines) const {
  std::vector<std::string> out;
  for (auto& [id, row] : connects) out.push_back("connect " + dump_line(to_json(row)));
  for (auto& [id, row] : deliveries) out.push_back("deliver " + dump_line(to_json(row)));
  if (with_lines)
    for (auto& [id, texts] : lines)
      for (auto& text : texts) out.push_back("line " + id.hex() + " " + text);
  return out;
}

StoredRows StoredRows::as_if_in_order() const {
  StoredRows out;
  std::map<Id, Id> names;
  for (auto& [id, row] : connects) {
    Id name = id;
    if (row.queue_id) {
      std::string generation = std::to_string(to_us(row.connect_time));
      do name = mail_id(row.connect_time, row.server, *row.queue_id, generation += "+");
      while (out.connects.contains(name));
    }
    names[id] = name;
    out.connects[name] = row;
  }
  for (auto& [id, row] : out.connects) {
    row.id = id;
    row.day = id.day();
    row.flags &= ~row_flag::partial_id;
    if (row.origin_id && names.contains(*row.origin_id)) row.origin_id = names[*row.origin_id];
  }
  for (auto& [old_id, old] : deliveries) {
    DeliverRow row = old;
    row.connect_id = names.contains(row.connect_id) ? names[row.connect_id] : row.connect_id;
    row.day = row.connect_id.day();
    row.id = {};
    std::string text = dump_line(to_json(row));
    do row.id = make_id(row.connect_time, hash_fields({text += "+"}));
    while (out.deliveries.contains(row.id));
    out.deliveries[row.id] = row;
  }
  for (auto& [id, texts] : lines)
    out.lines[names.contains(id) ? names[id] : id].insert(texts.begin(), texts.end());
  return out;
}

void MapCache::put(std::string_view key, std::string_view value, int) noexcept {
  values_[std::string(key)] = value;
}

bool MapCache::add(std::string_view key, std::string_view value, int) noexcept {
  return values_.try_emplace(std::string(key), value).second;
}

std::vector<std::optional<std::string>> MapCache::get(std::span<const std::string> keys) noexcept {
  std::vector<std::optional<std::string>> out;
  for (auto& key : keys) {
    auto found = values_.find(key);
    out.push_back(found == values_.end() ? std::nullopt : std::optional(found->second));
  }
  return out;
}

Replay::Replay(const std::vector<std::string>& more) {
  std::vector<std::string> names = {"postfix",     "dovecot",  "amavis", "rspamd", "opendkim", "opendmarc",
                                    "policyd_spf", "postgrey", "spamd",  "exim",   "sendmail", "opensmtpd"};
  names.insert(names.end(), more.begin(), more.end());
  for (auto& name : names) {
    auto info = load_plugin(MAILTRACE_PLUGIN_OUTPUT, PluginKind::parser, name);
    if (!info) give_up(info.error().text);
    ConfigErrors errors("test");
    auto parser = (*info)->make_parser(Node(), errors);
    if (!parser) give_up("the parser does not take its defaults: " + name);
    router_.add(*parsers_.emplace_back(std::move(parser)));
  }
  parse_time("2026-11-23T20:00:00Z", start_);
  received_ = start_;
}

std::unique_ptr<Pipeline> Replay::pipeline(StoredRows& rows, Cache* cache, HeaderOptions header) {
  auto find = [&rows](const std::string& server, const std::string& queue_id, Time at) {
    return rows.find_open(server, queue_id, at);
  };
  auto out = std::make_unique<Pipeline>(config, header, router_, cache, find);
  std::vector<HintRow> hints;
  for (auto& [id, row] : rows.hints) hints.push_back(row);
  out->recall(hints, received_);
  return out;
}

void Replay::collect(Pipeline& pipeline, StoredRows& rows, bool all) {
  for (bool more = true; more;) {
    Batch batch;
    more = pipeline.collect(received_, all, batch);
    rows.take(batch);
  }
}

void Replay::feed(Pipeline& pipeline, StoredRows& rows, const std::vector<std::string>& lines) {
  for (auto& line : lines) {
    received_ = std::max(received_, stamp(line));
    pipeline.feed(record_of(line, ++sequence_, received_));
    if (sequence_ % 101 == 0) collect(pipeline, rows, false);
  }
}

void Replay::wait(std::chrono::seconds time, Pipeline& pipeline, StoredRows& rows) {
  received_ += time;
  collect(pipeline, rows, false);
}

void Replay::finish(Pipeline& pipeline, StoredRows& rows) {
  // Until nothing is waited for any more.
  for (int seconds : {0, 3, 30}) wait(std::chrono::seconds(seconds), pipeline, rows);
  collect(pipeline, rows, true);
}

StoredRows Replay::run(const std::vector<std::string>& lines) {
  StoredRows rows;
  received_ = start_;
  auto one = pipeline(rows);
  feed(*one, rows, lines);
  finish(*one, rows);
  return rows;
}

StoredRows Replay::import(const std::vector<std::vector<std::string>>& parts) {
  StoredRows rows;
  received_ = start_;
  for (auto& part : parts) {
    for (auto& line : part) received_ = std::max(received_, stamp(line));
    HeaderOptions header;
    header.import = true;
    auto one = pipeline(rows, nullptr, header);
    size_t count = 0;
    for (auto& line : part) {
      auto record = record_of(line, 0, received_);
      record.transport = Transport::import;
      one->feed(record);
      if (++count % 101 == 0) collect(*one, rows, false);
    }
    collect(*one, rows, true);
  }
  return rows;
}

StoredRows Replay::import_cut(const std::vector<std::string>& lines, size_t cut) {
  auto at = lines.begin() + static_cast<std::ptrdiff_t>(std::min(cut, lines.size()));
  return import({{lines.begin(), at}, {at, lines.end()}});
}

StoredRows Replay::run_restarted(const std::vector<std::string>& lines, size_t cut) {
  StoredRows rows;
  received_ = start_;
  auto first = pipeline(rows);
  first->start_at(1, 1);
  std::vector<Time> received;
  for (auto& line : lines)
    received.push_back(received.empty() ? stamp(line) : std::max(received.back(), stamp(line)));
  auto feed_one = [&](Pipeline& to, size_t i, std::chrono::seconds late) {
    received_ = received[i] + late;
    to.feed(record_of(lines[i], i + 1, received_));
    if (i % 101 == 0) collect(to, rows, false);
  };
  for (size_t i = 0; i < cut; ++i) feed_one(*first, i, std::chrono::seconds(0));
  wait(std::chrono::seconds(0), *first, rows);
  collect(*first, rows, true);
  first.reset();
  received_ += std::chrono::minutes(90);
  auto second = pipeline(rows);
  uint64_t next = std::max<uint64_t>(rows.checkpoint.sequence, 1);
  second->start_at(next, std::max<uint64_t>(rows.checkpoint.counted, 1));
  second->was_down(cut + 1, received_ - received[cut - 1]);
  size_t i = next - 1;
  for (; i < cut; ++i) second->feed(record_of(lines[i], i + 1, received[i]));
  for (int quiet = 0; quiet < 5; ++quiet) wait(std::chrono::seconds(1), *second, rows);
  for (; i < lines.size(); ++i) feed_one(*second, i, std::chrono::seconds(90 * 60 + 5));
  finish(*second, rows);
  return rows;
}

StoredRows Replay::run_killed(const std::vector<std::string>& lines, size_t killed_after,
                              size_t collect_every) {
  StoredRows rows;
  received_ = start_;
  std::vector<Time> received;
  for (auto& line : lines)
    received.push_back(received.empty() ? stamp(line) : std::max(received.back(), stamp(line)));
  auto first = pipeline(rows);
  first->start_at(1, 1);
  for (size_t i = 0; i < killed_after; ++i) {
    received_ = received[i];
    first->feed(record_of(lines[i], i + 1, received_));
    if (i % collect_every == 0) collect(*first, rows, false);
  }
  first.reset();
  // The senders keep their lines until the machine is back.
  auto late = std::chrono::minutes(75);
  received_ = received[killed_after - 1] + late;
  auto second = pipeline(rows);
  uint64_t next = std::max<uint64_t>(rows.checkpoint.sequence, 1);
  second->start_at(next, std::max<uint64_t>(rows.checkpoint.counted, 1));
  second->was_down(killed_after + 1, received_ - received[killed_after - 1]);
  for (size_t i = next - 1; i < killed_after; ++i) second->feed(record_of(lines[i], i + 1, received[i]));
  for (int quiet = 0; quiet < 2; ++quiet) wait(std::chrono::seconds(1), *second, rows);
  for (size_t i = killed_after; i < lines.size(); ++i) {
    received_ = received[i] + late + std::chrono::seconds(2);
    second->feed(record_of(lines[i], i + 1, received_));
    if (i % collect_every == 0) collect(*second, rows, false);
  }
  finish(*second, rows);
  return rows;
}

StoredRows Replay::run_shared(const std::vector<std::string>& lines,
                              const std::function<size_t(size_t)>& instance_of) {
  StoredRows rows;
  received_ = start_;
  MapCache cache;
  std::unique_ptr<Pipeline> pipelines[] = {pipeline(rows, &cache), pipeline(rows, &cache)};
  for (size_t i = 0; i < lines.size(); ++i) {
    // Both are awake while nothing comes.
    if (received_ + std::chrono::seconds(1) < stamp(lines[i]))
      for (auto& one : pipelines) wait(std::chrono::seconds(0), *one, rows);
    while (received_ + std::chrono::seconds(2) < stamp(lines[i])) {
      if (received_ + std::chrono::minutes(1) < stamp(lines[i]))
        received_ = stamp(lines[i]) - std::chrono::minutes(1);
      for (auto& one : pipelines) wait(std::chrono::seconds(1), *one, rows);
    }
    feed(*pipelines[instance_of(i)], rows, {lines[i]});
  }
  for (int i = 0; i < 30; ++i)
    for (auto& one : pipelines) wait(std::chrono::seconds(1), *one, rows);
  for (auto& one : pipelines) finish(*one, rows);
  return rows;
}

StoredRows Replay::run_alternate(const std::vector<std::string>& lines) {
  return run_shared(lines, [](size_t i) { return i % 2; });
}

StoredRows Replay::run_split(const std::vector<std::string>& lines, unsigned seed) {
  struct Stretch {
    size_t instance = 0, left = 0;
  };
  std::mt19937 random(seed);
  std::map<std::string, Stretch> stretches;
  return run_shared(lines, [&](size_t i) {
    LogLine line;
    parse_header(record_of(lines[i], 1, received_), HeaderOptions{}, line);
    auto& stretch = stretches[std::string(line.hostname)];
    if (stretch.left == 0) stretch = {random() % 2, 1 + random() % 40};
    --stretch.left;
    return stretch.instance;
  });
}

Time Replay::stamp(const std::string& line) const {
  LogLine out;
  parse_header(record_of(line, 1, received_), HeaderOptions{}, out);
  return out.time;
}

std::string difference(const std::vector<std::string>& one, const std::vector<std::string>& other) {
  std::string out;
  auto only_in = [&out](const std::vector<std::string>& here, const std::vector<std::string>& there,
                        const char* sign) {
    std::multiset<std::string> left(there.begin(), there.end());
    for (auto& line : here) {
      auto found = left.find(line);
      if (found == left.end())
        out.append("\n").append(sign).append(line);
      else
        left.erase(found);
    }
  };
  only_in(one, other, "- ");
  only_in(other, one, "+ ");
  return out;
}

std::vector<std::string> read_lines(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) give_up("cannot read " + file);
  std::vector<std::string> out;
  for (std::string line; std::getline(in, line);)
    if (!line.empty()) out.push_back(line);
  return out;
}

std::vector<std::string> shuffled(const Replay& replay, const std::vector<std::string>& lines,
                                  unsigned seed) {
  std::mt19937 random(seed);
  std::vector<std::pair<int64_t, std::string>> keyed;
  for (auto& line : lines)
    keyed.emplace_back(to_us(replay.stamp(line)) + static_cast<int64_t>(random() % 1'900'000), line);
  std::stable_sort(keyed.begin(), keyed.end(), [](auto& a, auto& b) { return a.first < b.first; });
  std::vector<std::string> out;
  for (auto& [key, line] : keyed) out.push_back(std::move(line));
  return out;
}

std::vector<std::string> doubled(const std::vector<std::string>& lines) {
  std::vector<std::string> out;
  for (auto& line : lines) out.insert(out.end(), 2, line);
  return out;
}

}  // namespace mailtrace
