// A mail's way in words. Main thread.
#include "core/tool/trace_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/base/text.h"
#include "core/tool/result_table.h"

namespace mailtrace {
namespace {

std::string key_of(const DeliverRow& d) { return lower(d.recipient.value_or("")); }

bool has_recipient(const Mail& mail, const std::string& recipient) {
  return std::any_of(mail.deliveries.begin(), mail.deliveries.end(), [&](const DeliverRow& d) {
    return key_of(d) == recipient || lower(d.original_recipient.value_or("")) == recipient;
  });
}

// A sent delivery that another mail of the trace goes on with is no end.
bool handed_on(const Trace& trace, const Mail& mail, const DeliverRow& d) {
  if (d.status.value_or("") != "sent" && d.status.value_or("") != "filtered") return false;
  for (auto& link : trace.links) {
    if (link.from != mail.connect.id || link.kind == "bounce") continue;
    for (auto& next : trace.mails) {
      if (next.connect.id != link.to) continue;
      if (d.next_queue_id && d.next_queue_id == next.connect.queue_id) return true;
      if (has_recipient(next, key_of(d))) return true;
    }
  }
  return false;
}

class Writer {
 public:
  Writer(const Trace& trace, const Terminal& terminal) : trace_(trace), terminal_(terminal) {}

  void head() {
    auto& first = trace_.mails.front().connect;
    field("From", address_text(first.sender));
    std::vector<std::string> recipients;
    for (auto& mail : trace_.mails)
      for (auto& d : mail.deliveries) {
        auto text = address_text(d.original_recipient ? d.original_recipient : d.recipient);
        if (&mail == &trace_.mails.front() &&
            std::find(recipients.begin(), recipients.end(), text) == recipients.end())
          recipients.push_back(text);
      }
    std::string to;
    for (size_t i = 0; i < recipients.size() && i < 5; ++i) to += (i ? ", " : "") + recipients[i];
    if (recipients.size() > 5) to += fmt::format(" … ({})", recipients.size());
    if (!to.empty()) field("To", to);
    for (auto& mail : trace_.mails)
      if (mail.connect.message_id) {
        field("Message-ID", message_id_text(mail.connect.message_id));
        break;
      }
    for (auto& mail : trace_.mails)
      if (mail.connect.subject) {
        field("Subject", printable(*mail.connect.subject));
        break;
      }
    field("Times in", terminal_.zone(first.connect_time));
  }

  void ends() {
    title("What became of it");
    for (auto& end : ends_of(trace_)) {
      if (!end.delivery) {
        line(2,
             fmt::format("{}  {}  {}", status("queued"), terminal_.date_time(end.mail->connect.connect_time),
                         terminal_.say("no attempt logged yet")));
        continue;
      }
      auto& d = *end.delivery;
      line(2, fmt::format("{}  {}  {}{}", status(d.status.value_or("")), terminal_.date_time(d.deliver_time),
                          address_text(d.recipient), alias(d)));
      wrapped(4, target(d));
      wrapped(4, reply(d));
      if (reply(d).empty()) wrapped(4, last_reason(*end.mail, d));
    }
  }

  void way() {
    title("The way");
    for (size_t i = 0; i < trace_.mails.size(); ++i) mail(i);
  }

  void log_lines() {
    bool any = false;
    for (size_t i = 0; i < trace_.mails.size(); ++i) {
      if (trace_.mails[i].lines.empty()) continue;
      if (!any) title("Log lines");
      any = true;
      if (trace_.mails.size() > 1)
        line(2, fmt::format("({}) {}", i + 1, printable(trace_.mails[i].connect.server)));
      for (auto& raw : trace_.mails[i].lines) line(trace_.mails.size() > 1 ? 4 : 2, printable(raw));
    }
  }

  std::string take() { return std::move(out_); }

 private:
  void line(size_t indent, std::string_view text) {
    while (text.ends_with(' ')) text.remove_suffix(1);
    if (!text.empty()) out_ += fmt::format("{:{}}{}\n", "", indent, text);
  }
  // Broken at blanks to the terminal's width; the lines behind the first stand where it starts.
  void wrapped(size_t indent, std::string_view text) {
    size_t room = terminal_.width > indent + 20 ? terminal_.width - indent
                  : terminal_.width             ? 20
                                                : std::string::npos;
    while (display_width(text) > room) {
      auto at = text.rfind(' ', room);
      if (at == std::string_view::npos || at == 0) at = text.find(' ');
      if (at == std::string_view::npos) break;
      line(indent, text.substr(0, at));
      text.remove_prefix(at + 1);
    }
    line(indent, text);
  }
  void title(std::string_view text) {
    out_ += fmt::format("\n{}\n", terminal_.paint(Colour::bold, terminal_.say(text)));
  }
  void field(std::string_view name, std::string_view value) {
    out_ += fmt::format("{}  {}\n", fit(terminal_.say(name), 12), value);
  }
  std::string status(const std::string& word) {
    std::string text(status_word(word, terminal_));
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

  // Why it was deferred before it expired.
  std::string last_reason(const Mail& m, const DeliverRow& ended) {
    for (auto at = m.deliveries.rbegin(); at != m.deliveries.rend(); ++at)
      if (&*at != &ended && key_of(*at) == key_of(ended) && at->status.value_or("") == "deferred")
        return fmt::format("{}: {}", terminal_.say("last answer"), reply(*at));
    return "";
  }

  void mail(size_t at) {
    auto& m = trace_.mails[at];
    auto& c = m.connect;
    auto until = c.end_time && terminal_.date_time(*c.end_time) != terminal_.date_time(c.connect_time)
                     ? fmt::format(" {} {}", terminal_.say("until"), later(*c.end_time, c.connect_time))
                     : "";
    bool refused = c.flags & row_flag::refused;
    auto name =
        c.queue_id ? printable(*c.queue_id) : std::string(terminal_.say(refused ? "refused" : "not queued"));
    line(0, fmt::format("({}) {}", at + 1,
                        terminal_.paint(Colour::bold, fmt::format("{}  {}", printable(c.server), name))) +
                fmt::format("  {}{}", terminal_.date_time(c.connect_time), until));
    wrapped(4, origin(c));
    wrapped(4, client(c));
    wrapped(4, envelope(c));
    wrapped(4, verdicts(c));
    std::string recipient;
    for (auto& d : by_recipient(m)) {
      auto text = address_text(d->recipient) + alias(*d);
      if (text != recipient) wrapped(4, fmt::format("{} {}", terminal_.say("to"), text));
      recipient = text;
      line(6, fmt::format("{}  {}  {}", later(d->deliver_time, c.connect_time),
                          status(d->status.value_or("")), target(*d)));
      wrapped(8, reply(*d));
      wrapped(8, delays(*d));
    }
    line(4, terminal_.paint(Colour::dim, fmt::format("id {}", c.id.hex())));
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
    if (c.flags & row_flag::truncated) text += fmt::format(", {}", terminal_.say("a log line was cut"));
    return text;
  }

  std::string verdicts(const ConnectRow& c) {
    std::string text;
    auto add = [&](std::string_view name, const std::optional<std::string>& value) {
      if (value) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, printable(*value));
    };
    if (c.spam_score) text = fmt::format("{} {:.1f}", terminal_.say("spam score"), *c.spam_score);
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
  std::string out_;
};

}  // namespace

std::vector<End> ends_of(const Trace& trace) {
  std::vector<End> out;
  for (auto& mail : trace.mails) {
    if (mail.deliveries.empty()) out.push_back({&mail, nullptr});
    std::vector<std::pair<std::string, const DeliverRow*>> last;  // in order of first attempts
    for (auto& d : mail.deliveries) {
      auto key = key_of(d);
      auto at = std::find_if(last.begin(), last.end(), [&](auto& entry) { return entry.first == key; });
      if (at == last.end())
        last.emplace_back(key, &d);
      else
        at->second = &d;
    }
    for (auto& [recipient, d] : last)
      if (!handed_on(trace, mail, *d)) out.push_back({&mail, d});
  }
  return out;
}

std::string trace_text(const Trace& trace, const Terminal& terminal, bool with_lines) {
  if (trace.mails.empty()) return "";
  Writer writer(trace, terminal);
  writer.head();
  writer.ends();
  writer.way();
  if (with_lines) writer.log_lines();
  return writer.take();
}

Json trace_json(const Trace& trace) {
  Json mails = Json::array(), links = Json::array();
  for (auto& mail : trace.mails) {
    Json deliveries = Json::array();
    for (auto& d : mail.deliveries) deliveries.push_back(to_json(d));
    mails.push_back(
        {{"connect", to_json(mail.connect)}, {"deliveries", std::move(deliveries)}, {"lines", mail.lines}});
  }
  for (auto& link : trace.links)
    links.push_back({{"from", link.from.hex()}, {"to", link.to.hex()}, {"kind", link.kind}});
  return {{"mails", std::move(mails)}, {"links", std::move(links)}};
}

}  // namespace mailtrace
