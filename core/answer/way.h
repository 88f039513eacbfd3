// Way: a mail's way as nodes and edges, for a picture, a list or text. Any thread.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/answer/words.h"
#include "core/mail/query.h"

namespace mailtrace {

enum class WayNodeKind {
  client,   // who brought it: a program, a person's device, another provider
  host,     // a mail server of ours: one queue id
  filter,   // a mail that came back from a content filter
  alias,    // an alias, forward or redirect that changed the recipient
  mailbox,  // a folder
  bounce,   // a notice to the sender
  outside,  // a server that is not ours (or whose log is not here)
  refusal,  // it ended before it was taken
  nowhere   // discarded, deleted, returned
};
std::string_view way_node_name(WayNodeKind kind);

struct WayNode {
  WayNodeKind kind = WayNodeKind::host;
  std::string name;        // host, folder, address
  std::string detail;      // queue id, client address, transport
  Words words;             // "content filter"
  std::optional<Id> mail;  // of host, filter, bounce, refusal
  std::optional<Time> from, until;
  Tone tone = Tone::neutral;
};

struct WayEdge {
  size_t from = 0, to = 0;  // indices into Way::nodes
  std::string kind;        // "submit", "relay", "filter", "forward", "bounce", "resend", "deliver", "attempt"
  std::optional<Time> at;  // of the last attempt
  std::optional<double> seconds;  // spent in `from`
  std::string status;             // as in deliverlog; empty for submit
  Tone tone = Tone::neutral;
  int64_t attempts = 1;
  std::vector<std::string> recipients;
  std::string answer;
};

struct Way {
  std::vector<WayNode> nodes;  // in order of time: no edge goes back except out of loops
  std::vector<WayEdge> edges;
};

Way way_of(const Trace& trace);

}  // namespace mailtrace
