// Looks rules up, and remembers what was found. Pipeline thread.
#include "core/parse/host_rules.h"

#include <algorithm>

#include "core/base/name_pattern.h"

namespace mailtrace {
namespace {

// A sender may make host names up without end.
constexpr size_t most_remembered = 10'000;

// syslog-ng writes chains, "host/relay": the line is the first one's.
std::string_view speaker(std::string_view host) { return host.substr(0, host.find('/')); }

}  // namespace

void HostRules::allow(std::string peer, std::vector<std::string> hosts) {
  peers_.emplace_back(std::move(peer), std::move(hosts));
}

void HostRules::set_zone(std::string host, const date::time_zone* zone) {
  zones_.emplace_back(std::move(host), zone);
}

bool HostRules::find_permission(std::string_view peer, std::string_view host) const {
  if (name_matches(host, peer) || name_matches(host, peer.substr(0, peer.find('.')))) return true;
  return std::any_of(peers_.begin(), peers_.end(), [&](auto& rule) {
    return name_matches(peer, rule.first) &&
           std::any_of(rule.second.begin(), rule.second.end(),
                       [&](const std::string& pattern) { return name_matches(host, pattern); });
  });
}

bool HostRules::may_speak(std::string_view peer, std::string_view host) const {
  if (peers_.empty()) return true;
  host = speaker(host);
  key_.assign(peer).append(1, '\0').append(host);
  if (auto known = permissions_.find(key_); known != permissions_.end()) return known->second;
  if (permissions_.size() >= most_remembered) permissions_.clear();
  return permissions_[key_] = find_permission(peer, host);
}

const date::time_zone* HostRules::zone_of(std::string_view host) const {
  if (zones_.empty()) return nullptr;
  host = speaker(host);
  key_.assign(host);
  if (auto known = zone_of_.find(key_); known != zone_of_.end()) return known->second;
  if (zone_of_.size() >= most_remembered) zone_of_.clear();
  auto found =
      std::find_if(zones_.begin(), zones_.end(), [&](auto& rule) { return name_matches(host, rule.first); });
  return zone_of_[key_] = found == zones_.end() ? nullptr : found->second;
}

}  // namespace mailtrace
