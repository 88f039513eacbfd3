// HostRules: what is configured about the hosts that log: for which of them a client certificate may speak,
// and in which zone the stamps of a host are. Filled at start or on SIGHUP; then read by one thread.
#pragma once
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace date {
class time_zone;
}

namespace mailtrace {

class HostRules {
 public:
  // A certificate whose name matches `peer` may speak for hosts that match one of `hosts`. Several rules add
  // up. Without any rule every certificate may speak for every host; with one, each speaks for itself and for
  // what is allowed.
  void allow(std::string peer, std::vector<std::string> hosts);
  void set_zone(std::string host, const date::time_zone* zone);

  // `host` as the line names it. "mx1.example.org" always speaks for "mx1.example.org" and "mx1".
  bool may_speak(std::string_view peer, std::string_view host) const;
  // Null: the host has no zone of its own.
  const date::time_zone* zone_of(std::string_view host) const;
  bool has_zones() const { return !zones_.empty(); }

 private:
  bool find_permission(std::string_view peer, std::string_view host) const;

  std::vector<std::pair<std::string, std::vector<std::string>>> peers_;
  std::vector<std::pair<std::string, const date::time_zone*>> zones_;
  // What was found before: lines of a connection name the same host again and again.
  mutable std::unordered_map<std::string, bool> permissions_;
  mutable std::unordered_map<std::string, const date::time_zone*> zone_of_;
  mutable std::string key_;
};

}  // namespace mailtrace
