// Scan: walks over text from left to right. A failed step leaves it where it was. Any thread.
#pragma once
#include <charconv>
#include <string_view>

namespace mailtrace {

class Scan {
 public:
  explicit Scan(std::string_view text) : rest_(text) {}
  std::string_view rest() const { return rest_; }
  bool at_end() const { return rest_.empty(); }

  bool skip(std::string_view literal) {
    if (!rest_.starts_with(literal)) return false;
    rest_.remove_prefix(literal.size());
    return true;
  }
  // Everything before `stop`; steps over `stop`.
  bool until(std::string_view stop, std::string_view& out) {
    auto at = rest_.find(stop);
    if (at == std::string_view::npos) return false;
    out = rest_.substr(0, at);
    rest_.remove_prefix(at + stop.size());
    return true;
  }
  // Decimal digits as a number that fits `T`.
  template <class T>
  bool number(T& out) {
    auto [end, failed] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), out);
    if (failed != std::errc{}) return false;
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    return true;
  }

 private:
  std::string_view rest_;
};

}  // namespace mailtrace
