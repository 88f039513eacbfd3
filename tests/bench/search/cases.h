// The searches that are measured: each a name and a query for its n-th run, made from Traffic. Any thread.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "core/mail/query.h"
#include "tests/bench/search/traffic.h"

namespace mailtrace::bench {

struct Case {
  std::string name;
  double goal;  // ms, p95; 0: none
  std::function<Query(Random&)> query;
};

std::vector<Case> search_cases(const Traffic& traffic, Day last);

}  // namespace mailtrace::bench
