// See framing.h. Nothing is allocated from a count: it only says how many bytes to wait for or to skip.
#include "core/net/framing.h"

#include <algorithm>

#include "core/spool/record.h"

namespace mailtrace {
namespace {
constexpr size_t max_digits = 7;
constexpr size_t line_end = 2;  // CR LF may follow max_line bytes

bool is_digit(char c) { return c >= '0' && c <= '9'; }
}  // namespace

std::string_view without_line_end(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// RFC 6587 3.4.1: MSG-LEN = NONZERO-DIGIT *DIGIT, then one blank.
Framer::Count Framer::read_count(std::string_view bytes) const {
  size_t at = 0, octets = 0;
  while (at < bytes.size() && at < max_digits && is_digit(bytes[at])) {
    octets = octets * 10 + static_cast<size_t>(bytes[at] - '0');
    ++at;
  }
  if (!bytes.empty() && (at == 0 || bytes[0] == '0')) return {Count::none};
  if (at == bytes.size()) return {Count::incomplete};
  if (bytes[at] != ' ') return {Count::none};
  return {Count::valid, at + 1, octets};
}

// False: too few bytes to know how the next frame is framed.
bool Framer::decide(std::string_view bytes, Count& count) {
  count = {Count::none};
  if (mode_ == Mode::lines) return true;
  count = read_count(bytes);
  if (count.state == Count::incomplete) return false;
  if (mode_ == Mode::unknown) {
    if (count.state == Count::valid && count.header == bytes.size()) return false;
    bool counted = count.state == Count::valid && bytes[count.header] == '<';
    mode_ = counted ? Mode::octets : Mode::lines;
    if (!counted) count = {Count::none};
    return true;
  }
  if (count.state == Count::none) ++broken_frames_;
  return true;
}

void Framer::emit(std::string_view bytes, bool cut, uint8_t flags, std::vector<Frame>& out) const {
  std::string_view line = cut ? bytes : without_line_end(bytes);
  if (line.size() > max_line_ || cut) flags |= record_flag::truncated;
  line = line.substr(0, max_line_);
  if (!line.empty()) out.push_back({line, flags});
}

size_t Framer::scan_octets(std::string_view bytes, const Count& count, std::vector<Frame>& out) {
  size_t wanted = std::min(count.octets, max_line_ + line_end);
  if (bytes.size() - count.header < wanted) return 0;
  skip_octets_ = count.octets - wanted;
  emit(bytes.substr(count.header, wanted), skip_octets_ > 0, 0, out);
  return count.header + wanted;
}

size_t Framer::scan_line(std::string_view bytes, std::vector<Frame>& out) {
  std::string_view window = bytes.substr(0, max_line_ + line_end);
  size_t end = window.find('\n');
  if (end != std::string_view::npos) {
    emit(bytes.substr(0, end + 1), false, 0, out);
    return end + 1;
  }
  if (window.size() < max_line_ + line_end) return 0;
  emit(window, true, 0, out);
  skip_line_ = true;
  return window.size();
}

size_t Framer::scan(std::string_view bytes, std::vector<Frame>& out) {
  size_t done = 0;
  while (done < bytes.size()) {
    std::string_view rest = bytes.substr(done);
    if (skip_octets_ > 0) {
      size_t skipped = std::min(skip_octets_, rest.size());
      skip_octets_ -= skipped;
      done += skipped;
      continue;
    }
    if (skip_line_) {
      size_t end = rest.find('\n');
      if (end == std::string_view::npos) return bytes.size();
      skip_line_ = false;
      done += end + 1;
      continue;
    }
    Count count;
    uint64_t broken_before = broken_frames_;
    if (!decide(rest, count)) return done;
    size_t used = count.state == Count::valid ? scan_octets(rest, count, out) : scan_line(rest, out);
    if (used == 0) {
      broken_frames_ = broken_before;  // will be seen again
      return done;
    }
    done += used;
  }
  return done;
}

void Framer::finish(std::string_view bytes, std::vector<Frame>& out) {
  bytes.remove_prefix(scan(bytes, out));
  if (bytes.empty()) return;
  Count count;
  if (!decide(bytes, count)) {
    // A count alone holds no text; before the first frame it may as well be the begin of a line.
    if (mode_ == Mode::unknown) emit(bytes, false, record_flag::partial, out);
    return;
  }
  emit(bytes.substr(count.state == Count::valid ? count.header : 0), false, record_flag::partial, out);
}

}  // namespace mailtrace
