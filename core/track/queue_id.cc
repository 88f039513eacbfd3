#include "core/track/queue_id.h"

#include <array>

#include "core/mail/queue_id.h"

namespace mailtrace {
namespace {

// postfix src/global/safe_ultostr.c: digits of base 52; the inode behind the `z` is base 51, without `z`.
constexpr std::string_view digits = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";

constexpr std::array<int, 256> make_values() {
  std::array<int, 256> out{};
  for (auto& value : out) value = -1;
  for (size_t i = 0; i < digits.size(); ++i) out[static_cast<unsigned char>(digits[i])] = static_cast<int>(i);
  return out;
}
constexpr auto values = make_values();

bool decode(std::string_view text, int64_t& out) {
  out = 0;
  for (char c : text) {
    int value = values[static_cast<unsigned char>(c)];
    if (value < 0) return false;
    out = out * 52 + value;
  }
  return true;
}

}  // namespace

bool long_queue_id(std::string_view queue_id, Time& birth) {
  // postfix src/global/mail_queue.h: 6 digits seconds, 4 digits microseconds, `z`, inode. A `z` may stand
  // among the first ten, so the widths decide.
  if (queue_id.size() < 12 || queue_id.size() > longest_long_queue_id || queue_id[10] != 'z') return false;
  int64_t seconds, microseconds, inode;
  if (!decode(queue_id.substr(0, 6), seconds) || !decode(queue_id.substr(6, 4), microseconds)) return false;
  auto rest = queue_id.substr(11);
  if (microseconds >= 1'000'000 || rest.find('z') != std::string_view::npos) return false;
  for (; !rest.empty(); rest.remove_prefix(std::min<size_t>(rest.size(), 8)))
    if (!decode(rest.substr(0, 8), inode)) return false;
  birth = time_from_us(seconds * 1'000'000 + microseconds);
  return true;
}

Id mail_id(Time birth, std::string_view server, std::string_view queue_id, std::string_view generation) {
  return make_id(birth, hash_fields({"mail", server, queue_id, generation}));
}

}  // namespace mailtrace
