#include "core/store/write_batch.h"

#include <span>

#include "core/base/log.h"

namespace mailtrace {
namespace {

// The rows of a batch as one row of slots, so that halving is index arithmetic.
struct Halver {
  Sink& sink;
  const Batch& batch;
  DeadLetter& dead_letter;
  size_t& dead;

  template <class Row>
  static void take(const std::vector<Row>& from, size_t offset, size_t first, size_t last,
                   std::vector<Row>& to) {
    size_t begin = std::max(first, offset), end = std::min(last, offset + from.size());
    for (size_t i = begin; i < end; ++i) to.push_back(from[i - offset]);
  }

  Batch part(size_t first, size_t last) const {
    Batch out;
    size_t deliveries = batch.connects.size(), lines = deliveries + batch.deliveries.size();
    take(batch.connects, 0, first, last, out.connects);
    take(batch.deliveries, deliveries, first, last, out.deliveries);
    take(batch.lines, lines, first, last, out.lines);
    return out;
  }

  Result<void> set_aside(const Batch& one, const Error& error) {
    ++dead;
    log(LogLevel::warning, "sink.dead_letter",
        {{"sink", sink.describe()}, {"error", error.text}, {"file", dead_letter.file()}});
    if (!one.connects.empty()) return dead_letter.add(one.connects.front(), error.text);
    if (!one.deliveries.empty()) return dead_letter.add(one.deliveries.front(), error.text);
    return dead_letter.add(one.lines.front(), error.text);
  }

  Result<void> write(size_t first, size_t last) {
    if (first == last) return {};
    Batch rows = part(first, last);
    auto written = sink.write(rows);
    if (written || written.error().fault != Fault::permanent) return written;
    if (last - first == 1) return set_aside(rows, written.error());
    size_t middle = first + (last - first) / 2;
    if (auto left = write(first, middle); !left) return left;
    return write(middle, last);
  }
};

}  // namespace

Result<void> write_batch(Sink& sink, const Batch& batch, DeadLetter& dead_letter, size_t& dead) {
  dead = 0;
  auto written = sink.write(batch);
  if (written || written.error().fault != Fault::permanent) return written;
  Halver halver{sink, batch, dead_letter, dead};
  if (auto done = halver.write(0, batch.rows()); !done) return done;
  Batch rest = batch;
  rest.connects.clear();
  rest.deliveries.clear();
  rest.lines.clear();
  return sink.write(rest);
}

}  // namespace mailtrace
