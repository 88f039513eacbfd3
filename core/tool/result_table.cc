// Two lines a result. Main thread.
#include "core/tool/result_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/answer/recipients.h"
#include "core/answer/status_words.h"
#include "core/base/text.h"

namespace mailtrace {
namespace {

// One result as the pieces of its two lines.
struct Lines {
  std::string in_time, out_time;
  std::string in_address, out_address, recipient;  // out_address: with the address before an alias
  std::string queue_id, status;
  std::string in_rest, out_rest;
  Colour colour = Colour::none;
};

std::string join(std::initializer_list<std::string> parts) {
  std::string out;
  for (auto& part : parts) {
    if (part.empty()) continue;
    if (!out.empty()) out += "  ";
    out += part;
  }
  return out;
}

std::string client_text(const ConnectRow& mail, const Terminal& terminal) {
  auto host = host_text(mail.client_name, mail.client_addr);
  if (mail.sasl_user)
    return fmt::format("{} {}", terminal.say("login"), printable(*mail.sasl_user)) +
           (host.empty() ? "" : " " + host);
  if (!host.empty()) return fmt::format("{} {}", terminal.say("from"), host);
  return mail.service && *mail.service == "pickup" ? std::string(terminal.say("from this server itself"))
                                                   : "";
}

// Postfix puts "host NAME[ADDRESS] said: " before what the other server said; the relay stands beside it.
std::string reply_text(const DeliverRow& d) {
  auto text = printable(d.response.value_or(""));
  if (auto said = text.find(" said: "); text.starts_with("host ") && said != std::string::npos)
    text.erase(0, said + 7);
  bool has_dsn = d.dsn && text.find(*d.dsn) != std::string::npos;
  return d.dsn && !has_dsn ? join({printable(*d.dsn), text}) : text;
}

std::string relay_text(const DeliverRow& d, const Terminal& terminal) {
  auto host = host_text(d.relay_name, d.relay_addr);
  if (d.folder) return fmt::format("{} {}", terminal.say("into folder"), printable(*d.folder));
  if (host.empty() || host == "none") return "";
  return fmt::format("{} {}", terminal.say("to"), host);
}

Lines lines_of(const Hit& hit, const Terminal& terminal, const DeliveriesOf& deliveries_of) {
  auto& mail = hit.connect;
  Lines out;
  out.in_time = terminal.date_time(mail.connect_time);
  out.in_address = address_text(mail.sender);
  out.queue_id = printable(mail.queue_id.value_or("NOQUEUE"));
  out.in_rest = join({printable(mail.server), client_text(mail, terminal), message_id_text(mail.message_id)});
  auto status = row_status(mail, hit.deliver ? &*hit.deliver : nullptr);
  if (hit.deliver) {
    auto& d = *hit.deliver;
    bool same_day = terminal.date(d.deliver_time) == terminal.date(mail.connect_time);
    out.out_time = same_day ? terminal.clock_time(d.deliver_time) : terminal.date_time(d.deliver_time);
    std::vector<DeliverRow> others;
    if (!d.recipient && mail.queue_id && deliveries_of) others = deliveries_of(mail.id);
    out.recipient = out.out_address = recipient_text(mail, d, others, terminal);
    if (d.original_recipient && d.original_recipient != d.recipient) {
      out.out_address += fmt::format(" ({} {})", terminal.say("for"), address_text(d.original_recipient));
      out.recipient += " …";
    }
    // Of a narrow terminal the answer must stay readable when it explains why.
    auto relay = relay_text(d, terminal), reply = reply_text(d);
    out.out_rest = d.status == "sent" ? join({relay, reply}) : join({reply, relay});
  }
  out.status = status_word(status, terminal);
  out.colour = status_colour(status);
  return out;
}

size_t widest(const std::vector<Lines>& all, std::string Lines::*one, std::string Lines::*other) {
  size_t width = 0;
  for (auto& l : all) width = std::max({width, display_width(l.*one), display_width(l.*other)});
  return width;
}

std::string trimmed_right(std::string text) {
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

}  // namespace

std::string status_word(const std::string& status, const Terminal& terminal) {
  return status_words(status).in(terminal.german ? Language::german : Language::english);
}

Colour status_colour(const std::string& status) {
  if (status == "sent" || status == "delivered" || status == "forwarded") return Colour::green;
  if (status == "deferred" || status == "greylisted" || status == "queued" || status == "held")
    return Colour::yellow;
  if (status == "bounced" || status == "expired" || status == "rejected" || status == "blocked")
    return Colour::red;
  if (status == "discarded" || status == "filtered" || status == "deleted") return Colour::magenta;
  return Colour::none;
}

std::string host_text(const std::optional<std::string>& name, const std::optional<std::string>& addr,
                      std::optional<int64_t> port) {
  std::string out = printable(name.value_or(""));
  if (out == "unknown" && addr) out.clear();
  if (addr && !addr->empty() && addr != name)
    out += fmt::format("{}[{}]", out.empty() ? "" : " ", printable(*addr));
  if (port && !out.empty()) out += fmt::format(":{}", *port);
  return out;
}

std::string address_text(const std::optional<std::string>& address) {
  if (!address) return "?";
  return address->empty() ? "<>" : printable(*address);
}

std::string recipient_text(const ConnectRow& mail, const DeliverRow& row,
                           std::span<const DeliverRow> deliveries, const Terminal& terminal) {
  if (row.recipient) return address_text(row.recipient);
  constexpr size_t most = 3;
  auto meant = meant_by(row, deliveries);
  std::string out;
  for (size_t i = 0; i < meant.size() && i < most; ++i) out += (i ? ", " : "") + printable(meant[i]);
  if (meant.size() > most) out += fmt::format(" … ({})", meant.size());
  if (!out.empty()) return out;
  return unnamed_recipient(mail).in(terminal.german ? Language::german : Language::english);
}

std::string message_id_text(const std::optional<std::string>& id) {
  return id ? fmt::format("<{}>", printable(*id)) : "";
}

std::string result_table(const std::vector<Hit>& hits, const Terminal& terminal, DeliveriesOf deliveries_of) {
  return ResultTable(terminal, std::move(deliveries_of)).add(hits);
}

// Columns: time, address, queue id over status, the rest. On a narrow terminal the address gives way first,
// then the rest is cut; the status word never is.
std::string ResultTable::add(const std::vector<Hit>& hits, std::span<const size_t> attempts) {
  std::vector<Lines> all;
  all.reserve(hits.size());
  for (size_t i = 0; i < hits.size(); ++i) {
    all.push_back(lines_of(hits[i], terminal_, deliveries_of_));
    if (i >= attempts.size() || attempts[i] < 2) continue;
    auto count = terminal_.counted(static_cast<int64_t>(attempts[i]), "attempt", "attempts");
    all.back().out_rest = join({count, all.back().out_rest});
  }
  constexpr size_t time_width = 19;
  size_t wanted = widest(all, &Lines::in_address, &Lines::out_address);
  middle_width_ = std::max(middle_width_, widest(all, &Lines::queue_id, &Lines::status));
  if (terminal_.width > 0) {
    size_t others = time_width + middle_width_ + 6;
    size_t room = terminal_.width > others ? terminal_.width - others : 0;
    constexpr size_t least_rest = 20, usual_address = 36;
    size_t most = std::max(room * 2 / 5, std::min(usual_address, room > least_rest ? room - least_rest : 0));
    // The address before an alias is shown as far as there is room, but makes none.
    wanted = std::min(widest(all, &Lines::in_address, &Lines::recipient), std::max<size_t>(12, most));
  }
  address_width_ = std::max(address_width_, wanted);
  auto rest_width = [&](const std::string& rest) {
    if (terminal_.width == 0) return display_width(rest);
    size_t used = time_width + address_width_ + middle_width_ + 6;
    return terminal_.width > used ? terminal_.width - used : 0;
  };
  std::string out;
  for (auto& l : all) {
    if (begun_) out += "\n";
    begun_ = true;
    out += trimmed_right(fmt::format("{}  {}  {}  {}", fit(l.in_time, time_width),
                                     fit(l.in_address, address_width_), fit(l.queue_id, middle_width_),
                                     cut(l.in_rest, rest_width(l.in_rest)))) +
           "\n";
    std::string padding(time_width - std::min(time_width, display_width(l.out_time)), ' ');
    std::string status =
        terminal_.paint(l.colour, l.status) + std::string(middle_width_ - display_width(l.status), ' ');
    out +=
        trimmed_right(fmt::format("{}{}  {}  {}  {}", padding, l.out_time, fit(l.out_address, address_width_),
                                  status, cut(l.out_rest, rest_width(l.out_rest)))) +
        "\n";
  }
  return out;
}

}  // namespace mailtrace
