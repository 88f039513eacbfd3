#include "core/store/write_batch.h"

#include <algorithm>

#include "core/base/counters.h"
#include "core/base/log.h"
#include "core/plugin/probe.h"

namespace mailtrace {
namespace {

bool is_permanent(const Result<void>& result) { return !result && result.error().fault == Fault::permanent; }

// Every table of a batch, in the order of the slots.
template <class F>
void each_table(const Batch& from, Batch& to, F&& f) {
  f(from.connects, to.connects);
  f(from.deliveries, to.deliveries);
  f(from.lines, to.lines);
  f(from.hosts, to.hosts);
  f(from.hours, to.hours);
  f(from.unknown, to.unknown);
  f(from.gaps, to.gaps);
  f(from.hints, to.hints);
}

size_t slots_of(const Batch& batch) {
  size_t count = 0;
  Batch none;
  each_table(batch, none, [&](const auto& rows, auto&) { count += rows.size(); });
  return count;
}

}  // namespace

BatchWrite::BatchWrite(Sink& sink, const Batch& batch, DeadLetter& dead_letter)
    : sink_(sink), batch_(batch), dead_letter_(dead_letter), mails_(batch.rows()), aside_(slots_of(batch)) {}

bool BatchWrite::any_aside() const { return std::find(aside_.begin(), aside_.end(), true) != aside_.end(); }

Batch BatchWrite::part(size_t first, size_t last) const {
  Batch out;
  size_t slot = 0;
  each_table(batch_, out, [&](const auto& from, auto& to) {
    for (const auto& row : from) {
      if (slot >= first && slot < last && !aside_[slot]) to.push_back(row);
      ++slot;
    }
  });
  return out;
}

Batch BatchWrite::with_checkpoint(Batch part) const {
  part.checkpoint = batch_.checkpoint;
  part.newest = batch_.newest;
  return part;
}

template <class Try>
Result<void> BatchWrite::halve(size_t first, size_t last, Try attempt) {
  if (first == last) return {};
  Batch rows = part(first, last);
  if (rows.empty()) return {};
  auto taken = attempt(rows);
  if (!is_permanent(taken)) return taken;
  if (last - first == 1) {
    return first < mails_ ? set_aside(first, rows, taken.error()) : leave_out(first, taken.error());
  }
  size_t middle = first + (last - first) / 2;
  if (auto left = halve(first, middle, attempt); !left) return left;
  return halve(middle, last, attempt);
}

Result<void> BatchWrite::set_aside(size_t slot, const Batch& one, const Error& error) {
  auto add = [&]() -> Result<void> {
    if (!one.connects.empty()) return dead_letter_.add(one.connects.front(), error.text);
    if (!one.deliveries.empty()) return dead_letter_.add(one.deliveries.front(), error.text);
    return dead_letter_.add(one.lines.front(), error.text);
  };
  if (auto added = add(); !added) return added;
  log(LogLevel::warning, "sink.dead_letter",
      {{"sink", sink_.describe()}, {"error", error.text}, {"file", dead_letter_.file()}});
  aside_[slot] = true;
  ++dead_;
  return {};
}

// Nobody could do anything with it later: it says how many lines came, not what they said.
Result<void> BatchWrite::leave_out(size_t slot, const Error& error) {
  static Counter& refused = counter("sink_refused_counts_total");
  ++refused;
  log_rarely(LogLevel::warning, "sink.refused_count", {{"sink", sink_.describe()}, {"error", error.text}});
  aside_[slot] = true;
  return {};
}

// Counts are added up, once with the checkpoint that says so: they cannot be written in parts, only tried.
Result<void> BatchWrite::sift_counts() {
  auto* prober = dynamic_cast<Prober*>(&sink_);
  if (!prober) return {};
  auto probe = [&](const Batch& rows) { return prober->probe(with_checkpoint(rows)); };
  // If not even the checkpoint is taken, no row is to blame.
  if (auto alone = probe({}); !alone) return alone;
  return halve(mails_, aside_.size(), probe);
}

Result<void> BatchWrite::run() {
  auto written = any_aside() ? sink_.write(with_checkpoint(part(0, aside_.size()))) : sink_.write(batch_);
  if (!is_permanent(written)) return written;
  auto done = halve(0, mails_, [&](const Batch& rows) { return sink_.write(rows); });
  if (!done) return done;
  auto write_counts = [&] { return sink_.write(with_checkpoint(part(mails_, aside_.size()))); };
  written = write_counts();
  if (!is_permanent(written)) return written;
  if (auto sifted = sift_counts(); !sifted) return sifted;
  written = write_counts();
  if (!is_permanent(written)) return written;
  // What each alone may be, all together may not.
  for (size_t slot = mails_; slot < aside_.size(); ++slot)
    if (!aside_[slot]) (void)leave_out(slot, written.error());
  return write_counts();
}

}  // namespace mailtrace
