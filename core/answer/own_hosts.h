// OwnHosts: names of our own hosts: what they call themselves in their lines, and what this becomes with a
// domain. Any thread.
#pragma once
#include <set>
#include <string>
#include <string_view>

namespace mailtrace {

class OwnHosts {
 public:
  void add(const std::string& name);
  bool contains(std::string_view name) const;

 private:
  std::set<std::string, std::less<>> names_;  // lower case
};

}  // namespace mailtrace
