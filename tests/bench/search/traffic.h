// Traffic: the log of an imagined mail service as rows, to fill databases with. Each mail is a pure function
// of its number, so that a search for it can be made without remembering it. Any thread.
#pragma once
#include <cstdint>
#include <string>

#include "core/mail/rows.h"

namespace mailtrace::bench {

// Its own numbers for each seed, the same on every machine.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15u + 1) {}
  uint64_t next();
  double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  int64_t below(int64_t end) { return static_cast<int64_t>(next() % static_cast<uint64_t>(end)); }
  bool chance(double share) { return unit() < share; }
  // 0 is the most frequent of `count`; the n-th comes n^-0.8 times as often (Zipf).
  int64_t rank(int64_t count);

 private:
  uint64_t state_;
};

// The service has mailboxes of its own; all others are far away.
inline constexpr int64_t own_addresses = 60'000, own_domains = 300, far_addresses = 240'000,
                         far_domains = 20'000;

std::string own_address(int64_t rank);
std::string far_address(int64_t rank);
std::string own_domain(int64_t rank);
std::string far_domain(int64_t rank);
std::string client_address(int64_t domain, int64_t number);  // of a far domain's mail server

class Traffic {
 public:
  // About `deliveries` rows of deliverlog, spread over `days` days that end with `last`.
  Traffic(int64_t deliveries, Day last, int days = 14);
  int64_t mails() const { return mails_; }
  void add(int64_t number, Batch& out) const;

 private:
  Time birth(int64_t number) const;

  int64_t mails_ = 1;
  Day first_;
  int days_;
};

}  // namespace mailtrace::bench
