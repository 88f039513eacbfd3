// A sink that answers by script and remembers what it stored.
#pragma once
#include <deque>
#include <functional>
#include <map>
#include <mutex>

#include "core/mail/columns.h"
#include "core/plugin/probe.h"
#include "core/plugin/sink.h"

namespace mailtrace {

struct FakeStore {
  std::mutex mutex;
  std::deque<Fault> faults;       // answers of the next writes, then all are well
  std::deque<Fault> open_faults;  // answers of the next opens
  std::string poison;             // a delivery to this recipient is refused for ever
  std::string bad_host;           // so are the counts of this host
  bool too_many = false;          // more than one host in a write is refused for ever
  std::map<Id, ConnectRow> connects;
  std::map<Id, DeliverRow> deliveries;
  std::map<std::string, int64_t> lines;  // by host
  Checkpoint checkpoint;
  int writes = 0, opens = 0;
};

class FakeSink final : public Sink, public Prober {
 public:
  explicit FakeSink(FakeStore& store) : store_(store) {}
  Result<void> open() noexcept override {
    std::lock_guard lock(store_.mutex);
    ++store_.opens;
    return next(store_.open_faults);
  }
  Result<Checkpoint> checkpoint(const std::string&) noexcept override {
    std::lock_guard lock(store_.mutex);
    return store_.checkpoint;
  }
  Result<void> write(const Batch& batch) noexcept override {
    std::lock_guard lock(store_.mutex);
    ++store_.writes;
    if (auto answer = next(store_.faults); !answer) return answer;
    if (auto taken = judge(batch); !taken) return taken;
    if (store_.too_many && batch.hosts.size() > 1) return Error{Fault::permanent, "too many"};
    for (auto& row : batch.hosts) store_.lines[row.host] += row.lines;
    for (auto& row : batch.connects) {
      auto [at, added] = store_.connects.emplace(row.id, row);
      if (!added) merge(at->second, row);
    }
    for (auto& row : batch.deliveries) store_.deliveries.emplace(row.id, row);
    if (!batch.checkpoint.receiver.empty()) store_.checkpoint = batch.checkpoint;
    return {};
  }
  Result<void> probe(const Batch& batch) noexcept override {
    std::lock_guard lock(store_.mutex);
    return judge(batch);
  }
  Result<Expiry> expire(Day, bool, bool) noexcept override { return Expiry{}; }
  Result<std::unique_ptr<Reader>> open_reader() noexcept override {
    return Error{Fault::config, "no reader"};
  }
  std::string describe() const noexcept override { return "fake"; }

 private:
  Result<void> judge(const Batch& batch) {
    for (auto& row : batch.deliveries)
      if (!store_.poison.empty() && row.recipient == store_.poison)
        return Error{Fault::permanent, "value refused"};
    for (auto& row : batch.hosts)
      if (!store_.bad_host.empty() && row.host == store_.bad_host)
        return Error{Fault::permanent, "host refused"};
    return {};
  }
  static Result<void> next(std::deque<Fault>& faults) {
    if (faults.empty()) return {};
    Fault fault = faults.front();
    faults.pop_front();
    return Error{fault, "by script"};
  }
  FakeStore& store_;
};

inline DeliverRow delivery(uint8_t number, const std::string& recipient) {
  DeliverRow row;
  row.id.bytes[15] = number;
  row.connect_id.bytes[15] = 1;
  row.server = "mx1";
  row.recipient = recipient;
  row.status = "sent";
  return row;
}

}  // namespace mailtrace
