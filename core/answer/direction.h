// Direction: whether a mail comes in, goes out, stays in the house or passes through. Any thread.
#pragma once
#include <set>
#include <string>
#include <vector>

#include "core/answer/own_hosts.h"
#include "core/mail/query.h"

namespace mailtrace {

enum class Direction { incoming, outgoing, internal, passing };
std::string_view direction_name(Direction direction);  // "passing"

// What a row alone does not say: of where it stands between the hosts.
struct RowPlace {
  Direction direction = Direction::incoming;
  // To another host of ours or a content filter, whose row is there, too: a name alone may be anybody's.
  bool handed_on = false;
};

// Answers from the rows alone that are shown together: a hop between own hosts, or through a content filter,
// is understood best beside the row where the mail came in and the one where it ended, but needs neither.
class Directions {
 public:
  explicit Directions(OwnHosts hosts) : hosts_(std::move(hosts)) {}
  // The rows must outlive this object.
  void add(const ConnectRow& connect, const DeliverRow* deliver);
  void add(const Trace& trace);
  Direction of(const ConnectRow& connect, const DeliverRow* deliver) const;
  RowPlace place_of(const ConnectRow& connect, const DeliverRow* deliver) const;

 private:
  enum class Side { inside, outside, unknown };
  struct Row {
    const ConnectRow* connect;
    const DeliverRow* deliver;
  };
  Side came_from(const Row& row, int hops = 0) const;
  Side client_side(const Row& row) const;
  Side went_to(const Row& row, int hops = 0) const;
  const Row* next_of(const Row& row) const;
  bool is_queued_as(const Row& row) const;
  Side relay_side(const DeliverRow& deliver) const;
  bool is_hop(const ConnectRow& connect) const;
  bool is_ours(const std::optional<std::string>& address) const;

  OwnHosts hosts_;
  std::vector<Row> rows_;
  std::set<std::string> domains_;  // of mailboxes and hosts of ours
};

// Of a row of which customers are not told whose hosts it went through. `own`: that its sender is one of
// their addresses is believed only of what left the house: anybody may write it into what he sends to them.
Direction masked_direction(bool own_sender, const DeliverRow* deliver);

}  // namespace mailtrace
