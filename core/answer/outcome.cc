// Reading delivery rows. Any thread.
#include "core/answer/outcome.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "core/base/text.h"

namespace mailtrace {
namespace {

// "(redirected to <a@b>)": what stands in <>.
std::string target_of(std::string_view part) {
  auto open = part.find('<'), close = part.rfind('>');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return {};
  return std::string(part.substr(open + 1, close - open - 1));
}

void read_part(std::string_view part, MailboxOutcome& out) {
  if (part.empty()) return;
  if (part.front() == '"' && part.size() > 1)
    return void(out.saved.emplace_back(part.substr(1, part.size() - 2)));
  if (part.front() != '(') return void(out.saved.emplace_back(part));
  auto word = part.substr(1, part.find_first_of(" ):") - 1);
  if (word == "redirected")
    out.redirected.push_back(target_of(part));
  else if (word == "rejected")
    out.rejected.push_back(target_of(part));
  else if (word == "vacation")
    out.vacation.push_back(target_of(part));
  else if (word == "discarded")
    out.discarded = true;
  else if (word == "saved")
    out.saved.emplace_back("INBOX");
  else
    out.failed = true;
}

bool is_final(const DeliverRow& d) {
  auto status = d.status.value_or("");
  return !status.empty() && status != "deferred" && status != "held" && status != "greylisted";
}

}  // namespace

MailboxOutcome mailbox_outcome(std::string_view folder) {
  MailboxOutcome out;
  while (!folder.empty()) {
    // A quoted folder may hold the separator.
    size_t from = folder.front() == '"' ? folder.find('"', 1) : 0;
    auto end = from == std::string_view::npos ? from : folder.find(", ", from);
    read_part(folder.substr(0, end), out);
    if (end == std::string_view::npos) break;
    folder.remove_prefix(end + 2);
  }
  return out;
}

// core/track/join.cc writes "postscreen: DNSBL rank 3, listed by bl.example.net (127.0.0.2)"; what a policy
// server said holds words of others and names no list.
std::vector<std::string> lists_of(const DeliverRow& d) {
  std::vector<std::string> out;
  std::string_view rest = d.reason ? std::string_view(*d.reason) : std::string_view();
  while (!rest.empty()) {
    auto part = rest.substr(0, rest.find(", "));
    rest.remove_prefix(std::min(rest.size(), part.size() + 2));
    if (part.starts_with("postscreen: ")) continue;
    if (!part.starts_with("listed by ") || !part.ends_with(')')) return {};
    part.remove_prefix(10);
    auto name = part.substr(0, part.find(" ("));
    if (name.empty() || name.find(' ') != name.npos) return {};
    if (std::find(out.begin(), out.end(), name) == out.end()) out.emplace_back(name);
  }
  std::sort(out.begin(), out.end());
  return out;
}

bool is_attempt(const DeliverRow& d) {
  auto status = d.status.value_or("");
  return status == "sent" || status == "deferred" || status == "bounced";
}

bool is_loopback(std::string_view address) { return address == "127.0.0.1" || address == "::1"; }

bool is_private(std::string_view address) {
  if (address == "::1" || address.starts_with("127.") || address.starts_with("10.") ||
      address.starts_with("192.168."))
    return true;
  if (address.starts_with("172.")) {
    int second = std::atoi(std::string(address.substr(4, 3)).c_str());
    return second >= 16 && second <= 31;
  }
  auto low = lower(address.substr(0, 2));
  return address.find(':') != std::string_view::npos && (low == "fc" || low == "fd");
}

bool is_local_delivery(const DeliverRow& d) {
  auto transport = d.transport.value_or("");
  auto slash = transport.rfind('/');
  if (slash != std::string::npos) transport.erase(0, slash + 1);
  for (std::string_view word : {"lmtp", "local", "virtual", "pipe", "dovecot", "maildrop", "cyrus", "lda"})
    if (transport == word) return true;
  // Exim and OpenSMTPD name no host where there was none.
  if (d.status == "sent" && d.relay_name.value_or("").empty() && d.relay_addr.value_or("").empty())
    return true;
  return d.relay_addr.value_or("").find('/') != std::string::npos || d.relay_name == "local" ||
         d.relay_name == "virtual";
}

std::string relay_of(const DeliverRow& d) {
  auto name = d.relay_name.value_or(""), address = d.relay_addr.value_or("");
  if (name == "none") return {};
  if (name.empty() || name == "unknown" || name == address) return address;
  return address.empty() ? name : fmt::format("{} [{}]", name, address);
}

std::string answered_by(const DeliverRow& d) {
  std::string_view text = d.response ? std::string_view(*d.response) : std::string_view();
  for (std::string_view key : {"host ", "connect to ", "lost connection with ", "conversation with "}) {
    if (!text.starts_with(key)) continue;
    auto rest = text.substr(key.size());
    auto open = rest.find('['), close = rest.find(']');
    if (open == std::string_view::npos || close == std::string_view::npos || open > 255 || close < open)
      continue;
    auto name = std::string(rest.substr(0, open)),
         address = std::string(rest.substr(open + 1, close - open - 1));
    return name == address ? address : fmt::format("{} [{}]", name, address);
  }
  return relay_of(d);
}

std::string key_of(const std::optional<std::string>& address) { return lower(address.value_or("")); }

std::string join(const std::vector<std::string>& parts, std::string_view between) {
  std::string out;
  for (auto& part : parts) {
    if (!out.empty()) out += between;
    out += part;
  }
  return out;
}

bool goes_on(std::string_view kind) {
  return kind == "filter" || kind == "relay" || kind == "forward" || kind == "redirect" || kind == "resend";
}

const Mail* find_mail(const Trace& trace, const Id& id) {
  for (auto& mail : trace.mails)
    if (mail.connect.id == id) return &mail;
  return nullptr;
}

const DeliverRow* Attempts::last() const {
  for (auto at = rows.rbegin(); at != rows.rend(); ++at)
    if (is_final(**at)) return *at;
  return rows.empty() ? nullptr : rows.back();
}

std::vector<Attempts> attempts_of(const Mail& mail) {
  std::vector<Attempts> out;
  for (auto& d : mail.deliveries) {
    if (!d.recipient) continue;
    auto key = key_of(d.recipient);
    auto at = std::find_if(out.begin(), out.end(), [&](auto& group) { return group.key == key; });
    if (at == out.end()) at = out.insert(out.end(), Attempts{key, {}});
    at->rows.push_back(&d);
  }
  bool alone = out.empty();
  if (alone && !mail.deliveries.empty()) out.push_back({});
  for (auto& d : mail.deliveries)
    if (!d.recipient)
      for (auto& group : out) group.rows.push_back(&d);
  for (auto& group : out)
    std::stable_sort(group.rows.begin(), group.rows.end(),
                     [](auto* a, auto* b) { return a->deliver_time < b->deliver_time; });
  return out;
}

}  // namespace mailtrace
