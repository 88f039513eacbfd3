// Each mail of a trace with all its attempts, as the logs say it. Main thread.
#include "core/tool/mail_details.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/answer/status_words.h"
#include "core/base/text.h"
#include "core/tool/result_table.h"
#include "core/tool/text_out.h"

namespace mailtrace {
namespace {

std::string key_of(const DeliverRow& d) { return lower(d.recipient.value_or("")); }

class Writer {
 public:
  Writer(const Trace& trace, const Terminal& terminal, TextOut& out)
      : trace_(trace), terminal_(terminal), out_(out) {}

  void mail(size_t at) {
    auto& m = trace_.mails[at];
    auto& c = m.connect;
    auto until = c.end_time && terminal_.date_time(*c.end_time) != terminal_.date_time(c.connect_time)
                     ? fmt::format(" {} {}", terminal_.say("until"), later(*c.end_time, c.connect_time))
                     : "";
    auto name = c.queue_id ? printable(*c.queue_id) : std::string("NOQUEUE");
    out_.line(0,
              fmt::format("({}) {}", at + 1,
                          terminal_.paint(Colour::bold, fmt::format("{}  {}", printable(c.server), name))) +
                  fmt::format("  {}{}", terminal_.date_time(c.connect_time), until));
    out_.wrapped(4, origin(c));
    out_.wrapped(4, client(c));
    out_.wrapped(4, envelope(c));
    out_.wrapped(4, verdicts(c));
    std::string recipient;
    for (auto& d : by_recipient(m)) {
      auto text = recipient_text(c, *d, m.deliveries, terminal_) + alias(*d);
      if (text != recipient) out_.wrapped(4, fmt::format("{} {}", terminal_.say("to"), text));
      recipient = text;
      out_.line(6, fmt::format("{}  {}  {}", later(d->deliver_time, c.connect_time), status(row_status(c, d)),
                               target(*d)));
      out_.wrapped(8, reply(*d));
      if (d->reason)
        out_.wrapped(8, fmt::format("{}: {}", terminal_.say("logged before it"), printable(*d->reason)));
      out_.wrapped(8, delays(*d));
    }
    out_.line(4, terminal_.paint(Colour::dim, fmt::format("id {}", c.id.hex())));
  }

 private:
  std::string status(const std::string& word) {
    auto text = status_word(word, terminal_);
    size_t width = display_width(text);
    return terminal_.paint(status_colour(word), text) + std::string(width < 12 ? 12 - width : 0, ' ');
  }
  std::string alias(const DeliverRow& d) {
    if (!d.original_recipient || d.original_recipient == d.recipient) return "";
    return fmt::format(" ({} {})", terminal_.say("for"), address_text(d.original_recipient));
  }
  std::string target(const DeliverRow& d) {
    if (d.folder) return fmt::format("{} {}", terminal_.say("into folder"), printable(*d.folder));
    auto host = host_text(d.relay_name, d.relay_addr, d.relay_port);
    if (host.empty() || host.starts_with("none")) return "";
    auto text = fmt::format("{} {}", terminal_.say("to"), host);
    if (d.transport) text += fmt::format(" ({})", printable(*d.transport));
    return d.tls ? text + ", " + printable(*d.tls) : text;
  }
  std::string reply(const DeliverRow& d) {
    auto text = printable(d.response.value_or(""));
    if (d.dsn && text.find(*d.dsn) == std::string::npos)
      text = printable(*d.dsn) + (text.empty() ? "" : "  " + text);
    return text;
  }
  std::string delays(const DeliverRow& d) {
    if (!d.delay || *d.delay < 0.1) return "";
    auto text = fmt::format("{} {}", terminal_.say("after"), human_duration(*d.delay));
    std::string parts;
    const std::pair<const char*, std::optional<double>> all[] = {{"before the queue", d.delay_before},
                                                                 {"in the queue", d.delay_queue},
                                                                 {"connecting", d.delay_connect},
                                                                 {"transmitting", d.delay_transmit}};
    for (auto& [name, seconds] : all)
      if (seconds && *seconds >= 0.1)
        parts +=
            fmt::format("{}{} {}", parts.empty() ? "" : ", ", terminal_.say(name), human_duration(*seconds));
    return parts.empty() ? text : fmt::format("{} ({})", text, parts);
  }

  std::string later(Time t, Time than) const {
    return terminal_.date(t) == terminal_.date(than) ? terminal_.clock_time(t) : terminal_.date_time(t);
  }

  std::string origin(const ConnectRow& c) {
    for (auto& link : trace_.links) {
      if (link.to != c.id) continue;
      for (size_t i = 0; i < trace_.mails.size(); ++i)
        if (trace_.mails[i].connect.id == link.from)
          return fmt::format("{} ({}): {}", terminal_.say("comes from"), i + 1, terminal_.say(link.kind));
    }
    return "";
  }

  std::string client(const ConnectRow& c) {
    auto host = host_text(c.client_name, c.client_addr, c.client_port);
    std::string text = host.empty() ? "" : fmt::format("{} {}", terminal_.say("from"), host);
    auto add = [&](std::string_view label, const std::optional<std::string>& value) {
      if (!value || value->empty()) return;
      if (!text.empty()) text += ", ";
      if (!label.empty()) text += fmt::format("{} ", terminal_.say(label));
      text += printable(*value);
    };
    add("helo", c.helo);
    add("login", c.sasl_user);
    add("", c.protocol);
    add("", c.tls);
    add("by", c.service);
    return text;
  }

  std::string envelope(const ConnectRow& c) {
    std::string text = fmt::format("{} {}", terminal_.say("sender"), address_text(c.sender));
    if (c.size) text += ", " + human_size(*c.size);
    if (c.recipients)
      text += fmt::format(", {} {}", *c.recipients,
                          terminal_.say(*c.recipients == 1 ? "recipient" : "recipients"));
    if (c.flags & row_flag::notification)
      text += fmt::format(", {}", terminal_.say("a notice about another mail"));
    if (c.flags & row_flag::time_suspect)
      text += fmt::format(", {}", terminal_.say("the server's clock is wrong"));
    if (c.flags & row_flag::foreign_host)
      text += fmt::format(", {}", terminal_.say("the certificate may not speak for the host that was named"));
    if (c.flags & row_flag::truncated) text += fmt::format(", {}", terminal_.say("a log line was cut"));
    return text;
  }

  std::string verdicts(const ConnectRow& c) {
    std::string text;
    auto add = [&](std::string_view name, const std::optional<std::string>& value) {
      if (value) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, printable(*value));
    };
    if (c.spam_score) text = fmt::format("{} {}", terminal_.say("spam score"), with_one_digit(*c.spam_score));
    add(terminal_.say("action"), c.spam_action);
    add("DKIM", c.dkim);
    add("DMARC", c.dmarc);
    add("SPF", c.spf);
    return text;
  }

  static std::vector<const DeliverRow*> by_recipient(const Mail& m) {
    std::map<std::string, size_t> first;
    for (size_t i = 0; i < m.deliveries.size(); ++i) first.try_emplace(key_of(m.deliveries[i]), i);
    std::vector<const DeliverRow*> out;
    for (auto& d : m.deliveries) out.push_back(&d);
    std::stable_sort(out.begin(), out.end(),
                     [&](auto* a, auto* b) { return first[key_of(*a)] < first[key_of(*b)]; });
    return out;
  }

  const Trace& trace_;
  const Terminal& terminal_;
  TextOut& out_;
};

}  // namespace

void mail_details(const Trace& trace, const Terminal& terminal, TextOut& out) {
  Writer writer(trace, terminal, out);
  for (size_t i = 0; i < trace.mails.size(); ++i) writer.mail(i);
}

}  // namespace mailtrace
