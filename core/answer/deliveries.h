// Results by delivery: all attempts for one recipient of one mail are one row. The Reader's thread.
#pragma once
#include <string>
#include <vector>

#include "core/plugin/sink.h"

namespace mailtrace {

struct DeliveryHit {
  Hit hit;                   // its last attempt among those that were asked for
  std::vector<Id> attempts;  // all of these, in the order of the search; empty: no delivery yet
};

struct DeliveryPage {
  std::vector<DeliveryHit> rows;
  std::string next;      // for Query::after; empty: no more
  bool complete = true;  // nothing more behind these rows
  Time reached{};        // as Page::reached
};

// Puts it to the attempts of its delivery; true: these are its first.
bool add_attempt(std::vector<DeliveryHit>& rows, Hit hit);

// As Reader::search, but Query::limit and `next` count deliveries, and no delivery is spread over two pages.
Result<DeliveryPage> search_deliveries(Reader& reader, const Query& query);

}  // namespace mailtrace
