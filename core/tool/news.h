// News: which results of a search are new since the last look, however late their lines came. Main thread.
#pragma once
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "core/plugin/sink.h"

namespace mailtrace {

// What a database says about each host and day (Reader::hosts) tells where new lines lie: behind the last
// line that was there, or before the first. Only there results are read again: mails that came since, at each
// look; new attempts for older mails by a second walk over the whole time, which goes on a little at each
// look. No result is given twice. A line that an import puts between two others of its host and day is not
// seen.
class News {
 public:
  using Clock = std::chrono::steady_clock;
  // `budget`: how long the second walk may take at each look.
  News(Reader& reader, const Query& query, std::chrono::milliseconds budget);

  // What is there now is not new. `today`: the time of the servers' clocks.
  Result<void> start(Time today);
  // Results that were told otherwise.
  void told(const std::vector<Hit>& hits);
  // New ones, in order of time. After an error nothing is lost: the next look gives them.
  Result<std::vector<Hit>> look(Time today, Clock::time_point now);

 private:
  using HostDay = std::pair<std::string, Day>;
  using Key = std::pair<Id, Id>;  // mail and delivery, or zero
  // The lines of one host and day; results before `floor` were there at the start.
  struct Known {
    Time first{}, last{}, floor{};
    int64_t lines = 0;
  };
  // Lines came there: results of that host and time may be new.
  struct Span {
    std::string host;
    Time from{}, to{};
    Clock::time_point seen{};  // when that was noticed
    bool settled = false;      // the newest mails were read when all of them must have been stored
  };
  using Spans = std::vector<Span>;

  Result<std::vector<HostRow>> read_hosts(Time today);
  void compare(const std::vector<HostRow>& rows, Clock::time_point now);
  Result<void> read_new_mails(const Spans& spans, std::vector<Hit>& out);
  Result<void> read_old_mails(std::vector<Hit>& out);
  bool begin_walk();
  void take(std::vector<Hit>& hits, const Spans& spans, std::vector<Hit>& out);
  void forget();

  Reader& reader_;
  const Query query_;
  std::chrono::milliseconds budget_;
  Day oldest_{};  // whose lines are looked at
  std::map<HostDay, Known> known_;
  Spans spans_;
  // The walk over older mails that goes on.
  bool walking_ = false;
  Spans walked_;
  Query walk_;
  std::map<Key, std::pair<std::string, Time>> told_;
  std::vector<Hit> kept_;  // found by a look that failed
  size_t forget_at_ = 10'000;
};

}  // namespace mailtrace
