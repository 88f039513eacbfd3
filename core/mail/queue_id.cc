#include "core/mail/queue_id.h"

#include <array>

namespace mailtrace {
namespace {

enum : unsigned char { hex_upper = 1, base_52 = 2 };

constexpr std::array<unsigned char, 256> make_classes() {
  std::array<unsigned char, 256> classes{};
  for (char c : std::string_view("0123456789ABCDEF")) classes[static_cast<unsigned char>(c)] |= hex_upper;
  // postfix src/global/safe_ultostr.c: no vowels.
  for (char c : std::string_view("0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"))
    classes[static_cast<unsigned char>(c)] |= base_52;
  return classes;
}
constexpr auto classes = make_classes();

bool all_are(std::string_view text, unsigned char set) {
  for (char c : text)
    if (!(classes[static_cast<unsigned char>(c)] & set)) return false;
  return true;
}

}  // namespace

bool is_postfix_queue_id(std::string_view text) {
  if (text.size() < 6) return false;
  if (text.size() <= longest_short_queue_id && all_are(text, hex_upper)) return true;
  // The `z` may stand among the digits of the time, too, but not in the inode.
  return text.size() >= 12 && text.size() <= longest_long_queue_id && text[10] == 'z' &&
         text.find('z', 11) == std::string_view::npos && all_are(text, base_52);
}

}  // namespace mailtrace
