// What `mailtrace search` is asked for. Main thread.
#pragma once
#include <chrono>
#include <optional>
#include <string>

#include "core/mail/query.h"
#include "core/tool/command.h"
#include "core/tool/hit_writer.h"

namespace mailtrace {

struct SearchRequest {
  Query query;
  std::string paste, sort = "time";
  std::string connect_from, connect_to, deliver_from, deliver_to;
  int page = 1;
  size_t width = 0;
  bool json = false, csv = false, all = false, attempts = false, utc = false, watch = false;
  std::chrono::microseconds interval{2'000'000};
  // One row a delivery is for people: a program gets every attempt, and --watch shows what happens.
  bool by_delivery() const { return form() == Form::table && !attempts && !watch; }
  Form form() const { return json ? Form::json : csv ? Form::csv : Form::table; }
};

// Criteria and the rest; decoding of what only the moment gives a sense to is read_times().
void add_search_options(CLI::App& command, SearchRequest& request);
// A time as people type it; `upper`: the end of a span. An empty text leaves `to`. False: a message was
// printed.
bool read_time(const std::string& text, const char* option, bool upper, bool utc, std::optional<Time>& to);
// The times of the command line into the query. False: a message was printed.
bool read_times(SearchRequest& request);

}  // namespace mailtrace
