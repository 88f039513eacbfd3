// Asks for the other half of a greylisting story. The Reader's thread.
#include "core/answer/greylist.h"

#include <arpa/inet.h>

#include <algorithm>

#include "core/answer/outcome.h"
#include "core/base/text.h"

namespace mailtrace {
namespace {

using std::chrono::days;

constexpr days longest_story(5);

Query story_query(const ConnectRow& connect, const std::string& recipient) {
  Query query;
  query.sender = connect.sender.value_or("");
  query.recipient = recipient;
  query.ascending = true;
  query.limit = 100;
  return query;
}

bool same_network(const ConnectRow& a, const ConnectRow& b) {
  return a.client_addr && b.client_addr && client_network(*a.client_addr) == client_network(*b.client_addr);
}

// Values with `*` would be patterns.
bool can_ask(const ConnectRow& connect, const std::string& recipient) {
  return connect.sender && connect.client_addr && !recipient.empty() &&
         recipient.find('*') == std::string::npos && connect.sender->find('*') == std::string::npos &&
         is_loopback(*connect.client_addr) == false;
}

}  // namespace

std::string client_network(const std::string& address) {
  unsigned char bytes[16];
  if (::inet_pton(AF_INET, address.c_str(), bytes) == 1) return address.substr(0, address.rfind('.'));
  if (::inet_pton(AF_INET6, address.c_str(), bytes) != 1) return address;
  std::fill(bytes + 8, bytes + 16, 0);
  char text[INET6_ADDRSTRLEN];
  return ::inet_ntop(AF_INET6, bytes, text, sizeof text) ? text : address;
}

std::optional<GreylistStory> came_back(Reader& reader, const ConnectRow& refused, const DeliverRow& deliver) {
  auto recipient = deliver.recipient.value_or("");
  if (!can_ask(refused, recipient)) return std::nullopt;
  auto query = story_query(refused, recipient);
  query.connect_from = refused.connect_time - longest_story;
  query.connect_to = refused.connect_time + longest_story;
  auto page = reader.search(query);
  if (!page) return std::nullopt;
  GreylistStory story;
  for (auto& hit : page->hits) {
    if (!same_network(hit.connect, refused)) continue;
    auto status = hit.deliver ? hit.deliver->status.value_or("") : "";
    if (status == "greylisted") {
      if (!story.accepted) story.refused.push_back(hit.deliver->deliver_time);
      continue;
    }
    if (hit.connect.flags & row_flag::refused) continue;
    if (hit.connect.connect_time < refused.connect_time) {
      story.refused.clear();  // those were the story of an earlier mail
      continue;
    }
    if (!story.accepted) {
      story.accepted = hit.connect.connect_time;
      story.accepted_id = hit.connect.id;
    }
    if (hit.connect.id == *story.accepted_id && status == "sent") story.delivered = hit.deliver->deliver_time;
  }
  if (story.refused.empty()) story.refused.push_back(deliver.deliver_time);
  return story;
}

std::optional<GreylistStory> refused_before(Reader& reader, const ConnectRow& accepted,
                                            const std::string& recipient) {
  if (!can_ask(accepted, recipient) || accepted.sasl_user || accepted.flags & row_flag::refused)
    return std::nullopt;
  auto query = story_query(accepted, recipient);
  query.status = {"greylisted"};
  query.connect_from = accepted.connect_time - longest_story;
  query.connect_to = accepted.connect_time;
  auto page = reader.search(query);
  if (!page) return std::nullopt;
  GreylistStory story;
  for (auto& hit : page->hits)
    if (hit.deliver && same_network(hit.connect, accepted))
      story.refused.push_back(hit.deliver->deliver_time);
  if (story.refused.empty()) return std::nullopt;
  story.accepted = accepted.connect_time;
  story.accepted_id = accepted.id;
  return story;
}

}  // namespace mailtrace
