// Results as text: the list for people, JSON or CSV. Main thread.
#pragma once
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/tool/result_table.h"

namespace mailtrace {

enum class Form { table, json, csv };

class HitWriter {
 public:
  // `deliveries_of`: as ResultTable takes it.
  HitWriter(Form form, const Terminal& terminal, DeliveriesOf deliveries_of)
      : form_(form), terminal_(terminal), table_(terminal, std::move(deliveries_of)) {}
  // Before the first result.
  std::string head() const;
  // As often as wanted; what comes later fits what came before.
  // `attempts`: as ResultTable takes it.
  std::string rows(const std::vector<Hit>& hits, std::span<const size_t> attempts = {});

 private:
  std::string csv(const std::vector<Hit>& hits) const;

  Form form_;
  const Terminal& terminal_;
  ResultTable table_;
};

}  // namespace mailtrace
