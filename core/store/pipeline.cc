#include "core/store/pipeline.h"

#include <algorithm>

#include "core/base/faults.h"
#include "core/base/log.h"

namespace mailtrace {
namespace {

constexpr size_t most_held_lines = 200'000;
constexpr size_t rows_per_batch = 2'000;
// Programs without parser come from anywhere; so many get a counter of their own.
constexpr size_t most_programs = 100;

// What is half seen is of use behind the last stop for as long as senders keep what they could not deliver: a
// weekend.
constexpr Microseconds away_at_most = std::chrono::hours(72);

// A sender that found nobody listening tries again: rsyslog's action.resumeInterval.
constexpr Microseconds senders_return = std::chrono::seconds(30);

constexpr int mail_facility = 2;  // RFC 5424 6.2.1

constexpr const char* result_names[] = {"fact", "ignored", "unknown", "unparsed"};

// Fit to stand between the quotes of a counter's label.
std::string label_text(std::string_view text) {
  std::string out;
  for (char c : text) out += c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20 ? '?' : c;
  return out;
}

}  // namespace

Pipeline::Pipeline(const TrackerConfig& config, HeaderOptions header, const Router& router, Cache* cache,
                   FindOpen find_open)
    : header_(header),
      reorder_(config.reorder),
      router_(router),
      tracker_(Tracker::make(config, cache, std::move(find_open))),
      sequencer_(Sequencer::make(config.reorder, most_held_lines,
                                 [this](const LogLine& line) { understand(line); })) {}

void Pipeline::start_at(uint64_t sequence, uint64_t counted) {
  next_ = sequence;
  counted_ = counted;
  hosts_.start_at(counted);
  tracker_->read_before(counted);
}

void Pipeline::was_down(uint64_t until, Microseconds time) {
  up_from_ = until;
  down_ = time;
}

void Pipeline::recall(const std::vector<HintRow>& hints, Time now) {
  std::vector<std::string> lines;
  tracker_->recall(hints, now, lines);
  for (auto& text : lines) {
    Record record;
    record.received = now;
    record.transport = Transport::import;
    record.bytes = text;
    LogLine line;
    parse_header(record, header_, line);
    Fact fact;
    Parser* parser = router_.find(line.app_name);
    if (parser && parser->parse(line, fact) == Parsed::fact) tracker_->apply(line, fact);
  }
}

void Pipeline::feed(const Record& record) {
  LogLine line;
  parse_header(record, header_, line);
  if (record.sequence >= next_) next_ = record.sequence + 1;
  bool before = record.sequence < up_from_;
  if (before) line.received += down_;
  if (!header_.import) line.received = received_clock_(line.received);
  if (!before && first_new_ == Time{}) first_new_ = line.received;
  received_ = line.received;
  fed_ = true;
  if (line.host_foreign) count_foreign(record, line);
  sequencer_->put(line);
}

void Pipeline::skip(uint64_t sequence) { next_ = std::max(next_, sequence); }

void Pipeline::count_foreign(const Record& record, const LogLine& line) {
  std::string peer(record.peer);
  if (foreign_.size() >= most_programs && !foreign_.contains(peer)) peer = "other";
  auto [known, is_new] = foreign_.try_emplace(peer, nullptr);
  if (is_new)
    known->second = &counter("foreign_host_lines_total", "certificate=\"" + label_text(peer) + "\"");
  known->second->fetch_add(1, std::memory_order_relaxed);
  log_rarely(LogLevel::warning, "parse.foreign_host",
             {{"certificate", peer},
              {"line", std::string(line.raw.substr(0, 200))},
              {"hint", "the line counts as one of the certificate's own host; see the option peers"}});
}

void Pipeline::understand(const LogLine& line) {
  Fact fact;
  Parser* parser = router_.find(line.app_name);
  LineResult result = LineResult::unparsed;
  if (parser) {
    switch (parser->parse(line, fact)) {
      case Parsed::fact:
        result = LineResult::understood;
        break;
      case Parsed::ignored:
        result = LineResult::ignored;
        break;
      case Parsed::unknown:
        result = LineResult::unknown;
        break;
    }
  }
  if (result != LineResult::understood) fact = std::monostate{};
  if (result == LineResult::understood && !warned_ && !line.imported) warn_once(*parser, line);
  Program& program = program_of(line.app_name);
  program.second[static_cast<size_t>(result)]->fetch_add(1, std::memory_order_relaxed);
  bool counted = hosts_.is_counted(line);
  if (kept_ && !counted &&
      (result == LineResult::unknown || (result == LineResult::unparsed && line.facility == mail_facility)))
    kept_->add(line);
  if (result == LineResult::unknown) {
    if (unknown_) unknown_->add(line, counted);
    log_rarely(LogLevel::info, "parse.unknown",
               {{"host", std::string(line.hostname)},
                {"program", std::string(line.app_name)},
                {"text", std::string(line.text)}});
  }
  hosts_.add(line, program.first, result);
  tracker_->apply(line, fact);
}

// A file is as it is; only who sends now can send better.
void Pipeline::warn_once(const Parser& parser, const LogLine& line) {
  auto doubt = parser.doubt(line);
  if (doubt.empty()) return;
  warned_ = true;
  log(LogLevel::warning, "parse.doubt",
      {{"host", std::string(line.hostname)},
       {"program", std::string(line.app_name)},
       {"hint", std::string(doubt)}});
}

Pipeline::Program& Pipeline::program_of(std::string_view app_name) {
  auto program = app_name.substr(0, app_name.find_first_of("/["));
  if (last_program_ && last_program_->first == program) return *last_program_;
  auto found = counters_.find(std::string(program));
  if (found == counters_.end()) {
    std::string name(counters_.size() < most_programs ? program : "other");
    std::string shown = label_text(name);
    found = counters_.try_emplace(name).first;
    for (size_t i = 0; i < found->second.size(); ++i)
      found->second[i] = &counter(
          "parse_lines_total", std::string("result=\"") + result_names[i] + "\",program=\"" + shown + "\"");
  }
  last_program_ = &*found;
  return *found;
}

// A file has one time for all its lines.
Time Pipeline::time_of_lines(Time now) {
  if (fed_ && !header_.import) lag_ = std::max(Microseconds(0), Microseconds(now - received_));
  fed_ = false;
  return now - lag_;
}

bool Pipeline::collect(Time now, bool all, Batch& batch) {
  Time shown = now;
  now = clock_(now, header_.import ? Time{} : received_);
  Time time = time_of_lines(now);
  if (all && header_.import)  // nothing reads its lines again
    sequencer_->drain();
  else if (!waits_for_senders(now))
    sequencer_->tick(time);
  bool rest = all && (header_.import || again_from_ != UINT64_MAX);
  bool more = tracker_->collect(time, rest, rows_per_batch, batch);
  if (all && !rest && !more) {
    release_rest();
    more = true;
  }
  for (auto& hint : batch.hints) hint.until += shown - time + away_at_most;
  uint64_t mark = sequencer_->pinned(next_);
  hosts_.collect(mark, batch.hosts, batch.hours);
  if (unknown_) unknown_->collect(mark, batch.unknown);
  batch.newest = tracker_->status().newest;
  batch.checkpoint.sequence = pinned();
  batch.checkpoint.counted = mark;
  return more;
}

// At the end, behind all that is due: what is held back, and half a mail, makes rows too. The next start
// makes them again, as after a crash, with the lines that were waited for.
void Pipeline::release_rest() {
  again_from_ = pinned();
  tracker_->guess_the_rest();
  sequencer_->drain();
}

// What the last stop released is stored already: it can wait for its place among the lines that its sender
// could not deliver meanwhile.
bool Pipeline::waits_for_senders(Time now) {
  if (header_.import) return false;
  if (started_ == Time{}) started_ = now;
  if (first_new_ != Time{}) return now < first_new_ + reorder_;
  return next_ <= counted_ && now < started_ + senders_return;
}

uint64_t Pipeline::pinned() const {
  if (is_switched_off("no_pin")) return next_;
  return std::min(again_from_, tracker_->pinned(sequencer_->pinned(next_)));
}

Tracker::Status Pipeline::status() const {
  auto status = tracker_->status();
  status.held_lines = sequencer_->held();
  return status;
}

}  // namespace mailtrace
