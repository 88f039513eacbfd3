// See session.h. FRAME = TXNR SP COMMAND SP DATALEN [SP DATA] LF (relp.html of librelp; what librelp 1.11
// sends).
#include "plugins/inputs/relp/session.h"

#include <algorithm>
#include <charconv>

#include "core/spool/record.h"

namespace mailtrace::relp {
namespace {
constexpr uint32_t last_number = 999'999'999;
constexpr size_t max_digits = 9;
constexpr size_t max_command = 32;

uint32_t after(uint32_t number) { return number == last_number ? 1 : number + 1; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

struct Header {
  uint32_t number = 0;
  std::string_view command;
  uint32_t length = 0;
  size_t size = 0;  // up to DATALEN's last digit
};
enum class Read { complete, incomplete, broken };

Read read_number(std::string_view bytes, size_t& at, uint32_t& out) {
  size_t begin = at;
  while (at < bytes.size() && is_digit(bytes[at])) {
    if (++at - begin > max_digits) return Read::broken;
  }
  if (at == bytes.size()) return Read::incomplete;
  if (at == begin) return Read::broken;
  std::from_chars(bytes.data() + begin, bytes.data() + at, out);
  return Read::complete;
}

Read read_header(std::string_view bytes, Header& out, const char*& what) {
  size_t at = 0;
  what = "transaction number";
  if (Read read = read_number(bytes, at, out.number); read != Read::complete) return read;
  if (bytes[at++] != ' ') return Read::broken;
  what = "command";
  size_t begin = at;
  while (at < bytes.size() && is_letter(bytes[at])) {
    if (++at - begin > max_command) return Read::broken;
  }
  if (at == bytes.size()) return Read::incomplete;
  if (at == begin || bytes[at] != ' ') return Read::broken;
  out.command = bytes.substr(begin, at - begin);
  what = "data length";
  if (Read read = read_number(bytes, ++at, out.length); read != Read::complete) return read;
  out.size = at;
  return Read::complete;
}

// The data between header and trailing LF. librelp writes no blank if there are none; both forms are read.
Read read_data(std::string_view bytes, const Header& header, std::string_view& data, size_t& size) {
  size_t at = header.size;
  if (bytes[at] == ' ') {
    ++at;
  } else if (header.length > 0) {
    return Read::broken;
  }
  if (bytes.size() - at <= header.length) return Read::incomplete;
  data = bytes.substr(at, header.length);
  at += header.length;
  size = at + 1;
  return bytes[at] == '\n' ? Read::complete : Read::broken;
}

// Offers are lines `name[=value[,value]]`. A version above 0 is no obstacle: the answer names ours.
bool offers_syslog(std::string_view offers) {
  while (!offers.empty()) {
    std::string_view line = offers.substr(0, offers.find('\n'));
    offers.remove_prefix(std::min(offers.size(), line.size() + 1));
    if (!line.starts_with("commands=")) continue;
    std::string_view names = line.substr(9);
    while (!names.empty()) {
      std::string_view name = names.substr(0, names.find(','));
      names.remove_prefix(std::min(names.size(), name.size() + 1));
      if (name == "syslog") return true;
    }
  }
  return false;
}

void append_answer(uint32_t number, std::string_view data, std::string& out) {
  char digits[16];
  auto put = [&](size_t value) {
    auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    out.append(digits, end);
  };
  put(number);
  out += " rsp ";
  put(data.size());
  if (!data.empty()) out += ' ';
  out += data;
  out += '\n';
}

std::string_view answer_text(Run::Kind kind) {
  switch (kind) {
    case Run::Kind::open:
      return "200 OK\nrelp_version=0\nrelp_software=mailtrace," MAILTRACE_VERSION "\ncommands=syslog";
    case Run::Kind::refused_open:
      return "500 required command syslog was not offered";
    case Run::Kind::unknown:
      return "500 unknown command";
    case Run::Kind::syslog:
      return "200 OK";
    case Run::Kind::close:
      break;
  }
  return {};
}

Run::Kind kind_of(std::string_view command, std::string_view data) {
  if (command == "syslog") return Run::Kind::syslog;
  if (command == "close") return Run::Kind::close;
  if (command == "open") return offers_syslog(data) ? Run::Kind::open : Run::Kind::refused_open;
  return Run::Kind::unknown;
}

void add_to_runs(Run::Kind kind, uint32_t number, size_t bytes, std::vector<Run>& runs) {
  if (!runs.empty() && runs.back().kind == kind && kind == Run::Kind::syslog) {
    ++runs.back().count;
    runs.back().bytes += bytes;
    return;
  }
  runs.push_back({kind, kind != Run::Kind::syslog, number, 1, bytes, 0});
}

void break_off(Round& out, std::string text) {
  out.state = State::broken;
  out.error = std::move(text);
}

// The order of commands: open, then anything, then close. Anything before open is no RELP client.
bool is_expected(State state, Run::Kind kind) {
  bool opens = kind == Run::Kind::open || kind == Run::Kind::refused_open;
  return opens == (state == State::wait_for_open);
}

State state_after(Run::Kind kind) {
  bool last = kind == Run::Kind::close || kind == Run::Kind::refused_open;
  return last ? State::closing : State::opened;
}
}  // namespace

std::string_view serverclose() { return "0 serverclose 0\n"; }

void Session::scan(std::string_view bytes, Round& out) const {
  out.consumed = 0;
  out.lines.clear();
  out.runs.clear();
  out.error.clear();
  out.next = next_;
  out.state = state_;
  while (out.state == State::wait_for_open || out.state == State::opened) {
    std::string_view rest = bytes.substr(out.consumed);
    Header header;
    const char* what = "";
    Read read = read_header(rest, header, what);
    if (read == Read::incomplete) return;
    if (read == Read::broken) return break_off(out, std::string("bad ") + what);
    if (header.number != out.next) {
      return break_off(
          out, "transaction " + std::to_string(header.number) + " instead of " + std::to_string(out.next));
    }
    if (header.length > max_data) {
      return break_off(out, "frame of " + std::to_string(header.length) + " bytes, at most " +
                                std::to_string(max_data) + " are taken");
    }
    std::string_view data;
    size_t size = 0;
    read = read_data(rest, header, data, size);
    if (read == Read::incomplete) return;
    if (read == Read::broken) return break_off(out, "frame does not end where its length says");

    Run::Kind kind = kind_of(header.command, data);
    if (!is_expected(out.state, kind)) return break_off(out, "command out of order");
    if (kind == Run::Kind::syslog) {
      std::string_view line = without_line_end(data);
      uint8_t flags = line.size() > max_line_ ? record_flag::truncated : 0;
      if (!line.empty()) out.lines.push_back({line.substr(0, max_line_), flags});
    }
    add_to_runs(kind, header.number, size, out.runs);
    out.state = state_after(kind);
    out.next = after(out.next);
    out.consumed += size;
  }
}

uint64_t Session::take(const Round& round) {
  before_ = {state_, next_, runs_.size(), unanswered_bytes_};
  state_ = round.state;
  next_ = round.next;
  ++batches_;
  for (const Run& run : round.runs) {
    runs_.push_back(run);
    runs_.back().batch = batches_;
    unanswered_bytes_ += run.bytes;
  }
  return batches_;
}

void Session::give_back() {
  state_ = before_.state;
  next_ = before_.next;
  unanswered_bytes_ = before_.bytes;
  runs_.resize(before_.runs);
}

void Session::durable(uint64_t batch) {
  auto before = [](const Run& run, uint64_t wanted) { return run.batch < wanted; };
  auto run = std::lower_bound(runs_.begin(), runs_.end(), batch, before);
  for (; run != runs_.end() && run->batch == batch; ++run) run->ready = true;
}

void Session::answer(std::string& out) {
  while (!runs_.empty() && runs_.front().ready) {
    Run& run = runs_.front();
    uint32_t number = run.first;
    for (uint32_t i = 0; i < run.count; ++i) {
      append_answer(number, answer_text(run.kind), out);
      number = after(number);
    }
    if (run.kind == Run::Kind::close || run.kind == Run::Kind::refused_open) out += serverclose();
    unanswered_bytes_ -= run.bytes;
    runs_.pop_front();
  }
}

}  // namespace mailtrace::relp
