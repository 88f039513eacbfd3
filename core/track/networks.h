// Networks: is an address one of our own hosts? Any thread once built.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mailtrace {

class Networks {
 public:
  // "192.0.2.0/24", "2001:db8::/32", or one address. What is neither is left out.
  explicit Networks(const std::vector<std::string>& networks);
  bool contains(std::string_view address) const;

 private:
  struct Network {
    std::array<uint8_t, 16> address;
    int bits;
  };
  std::vector<Network> networks_;
};

}  // namespace mailtrace
