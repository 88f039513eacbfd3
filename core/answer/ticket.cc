// A ticket's text: what happened, what to do, the evidence. Any thread.
#include "core/answer/ticket.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "core/answer/outcome.h"
#include "core/answer/recipients.h"
#include "core/answer/time_words.h"
#include "core/base/text.h"

namespace mailtrace {
namespace {

bool is_address_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) ||
         std::string_view("!#$%&'*+-/=?^_`{|}~.").find(c) != std::string_view::npos ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool is_own(std::string_view address, const std::vector<std::string>& own) {
  auto low = lower(address);
  return std::any_of(own.begin(), own.end(), [&](auto& entry) {
    return entry.starts_with('@') ? low.ends_with(entry) : low == entry;
  });
}

// `text` with each address in it as `shown` gives it.
template <class Shown>
std::string replace_addresses(std::string_view text, Shown shown) {
  std::string out;
  while (!text.empty()) {
    auto at = text.find('@');
    if (at == std::string_view::npos) break;
    size_t from = at, to = at + 1;
    while (from > 0 && is_address_char(text[from - 1])) --from;
    while (to < text.size() && (is_address_char(text[to]) && text[to] != '/' && text[to] != '=')) ++to;
    while (to > at + 1 && text[to - 1] == '.') --to;
    out += text.substr(0, from);
    out += shown(text.substr(from, to - from));
    text.remove_prefix(to);
  }
  return out += text;
}

size_t characters(std::string_view text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

class Writer {
 public:
  Writer(const Trace& trace, const std::vector<MailVerdict>& verdicts, const TicketOptions& options)
      : trace_(trace),
        options_(options),
        own_(options.own_addresses),
        german_(options.language == Language::german) {
    if (options.audience == Audience::admin) return;
    std::vector<std::string> all;
    for (auto& mail : trace.mails) {
      hide(mail.connect.server);
      all.push_back(mail.connect.sender.value_or(""));
      for (auto& d : mail.deliveries)
        all.insert(all.end(), {d.recipient.value_or(""), d.original_recipient.value_or("")});
    }
    masks_ = distinct_masks(all);
    if (own_.empty() && !verdicts.empty())
      if (auto& sender = verdicts.front().sender; !sender.empty()) own_.push_back(lower(sender));
    for (auto& address : options.asked)
      if (address.find('@', 1) != std::string::npos) own_.push_back(lower(address));
  }

  void verdict(const MailVerdict& v) {
    line(shown(v.sentence.to(options_.audience).in(options_.language)));
    auto& next = v.next.to(options_.audience).in(options_.language);
    if (!next.empty()) line(say("What to do: ", "Was zu tun ist: ") + shown(next));
    if (auto actor = v.actor_for(options_.audience); actor != Actor::nobody)
      line(say("Who must act: ", "Wer handeln muss: ") + actor_words(actor).in(options_.language));
  }

  void evidence(const std::vector<MailVerdict>& verdicts) {
    line("");
    line(say("Evidence", "Nachweis"));
    std::vector<Fields> each;
    each.reserve(verdicts.size());
    for (auto& v : verdicts) each.push_back(fields_of(v));
    auto of_all = [&each](const Field& field) {
      return std::all_of(each.begin(), each.end(), [&field](const Fields& fields) {
        return std::find(fields.begin(), fields.end(), field) != fields.end();
      });
    };
    for (auto& field : each.front())
      if (of_all(field)) put(field);
    queue_ids();
    if (each.size() == 1) return;
    for (auto& fields : each) {
      bool first = true;
      for (auto& field : fields) {
        if (of_all(field)) continue;
        if (first) line("");
        first = false;
        put(field);
      }
    }
  }

  void link() {
    if (!options_.link.empty()) put({"Link", options_.link, false});
  }

  void line(std::string_view text) { (out_ += text) += '\n'; }
  std::string take() { return std::move(out_); }

 private:
  std::string say(const char* en, const char* de) const { return german_ ? de : en; }
  std::string time(Time t) const { return time_text(t, options_.language, options_.zone); }

  // Not what is empty, nor what was taken out ("…", "… […]") because the reader may not see it.
  static bool says_something(const std::string& text) {
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return std::isalnum(static_cast<unsigned char>(c)); });
  }

  void hide(const std::string& host) {
    if (host.size() >= 3) hidden_.insert(host);
  }

  // Delivered by our own programs: their answer names sockets, sessions and hosts of ours.
  bool answered_inside(const MailVerdict& v) const {
    return v.kind == VerdictKind::delivered || v.kind == VerdictKind::unknown ||
           v.answered_by.find("private/") != std::string::npos || v.answered_by == v.server;
  }

  struct Field {
    std::string name, value;
    bool masked = true;
    bool operator==(const Field& other) const = default;
  };
  using Fields = std::vector<Field>;

  Fields fields_of(const MailVerdict& v) const {
    Fields out;
    out.push_back({say("From", "Von"), v.sender.empty() ? "<>" : v.sender});
    auto nobody = unnamed_recipient(trace_.mails.front().connect).in(options_.language);
    out.push_back(
        {say("To", "An"), v.original_recipient ? *v.original_recipient : v.recipient.value_or(nobody)});
    if (v.original_recipient && v.recipient) out.push_back({say("Went to", "Ging an"), *v.recipient});
    for (auto& mail : trace_.mails)
      if (mail.connect.message_id) {
        out.push_back({"Message-ID", "<" + *mail.connect.message_id + ">", false});  // no address
        break;
      }
    out.push_back({say("Received", "Angenommen"), time(v.accepted)});
    if (v.decided) out.push_back({say("Last event", "Letztes Ereignis"), time(*v.decided)});
    if (v.next_from)
      out.push_back({say("Next attempt", "Nächster Versuch"), time(*v.next_from) + " – " + time(*v.next_to)});
    if (v.deadline) out.push_back({say("Given up at", "Aufgegeben wird am"), time(*v.deadline)});
    bool told = options_.audience == Audience::admin || !answered_inside(v);
    if (told && says_something(v.answered_by))
      out.push_back({say("Other server", "Anderer Server"), v.answered_by});
    if (told && says_something(v.answer)) out.push_back({say("Its answer", "Seine Antwort"), v.answer});
    return out;
  }

  void queue_ids() {
    auto name = say("Queue ids", "Queue-IDs");
    for (auto& mail : trace_.mails) {
      if (!mail.connect.queue_id) continue;
      auto server = options_.audience == Audience::admin ? mail.connect.server + " " : std::string();
      put({name, server + *mail.connect.queue_id + "  " + time(mail.connect.connect_time)});
      name.clear();
    }
  }

  // Own hosts become "our server" for customers, whether short or full; addresses of others are masked.
  std::string shown(const std::string& given) const {
    auto text = printable(given);
    if (options_.audience == Audience::admin) return text;
    auto masked = replace_addresses(text, [this](std::string_view address) {
      if (is_own(address, own_)) return std::string(address);
      auto known = masks_.find(lower(address));
      return known == masks_.end() ? masked_address(address) : known->second;
    });
    for (auto& host : hidden_) masked = without_host(std::move(masked), host);
    return masked;
  }

  std::string without_host(std::string text, const std::string& host) const {
    auto word = say("our server", "unser Server");
    for (size_t at = text.find(host); at != std::string::npos; at = text.find(host, at)) {
      bool begins = at == 0 || !(std::isalnum(static_cast<unsigned char>(text[at - 1])) ||
                                 text[at - 1] == '@' || text[at - 1] == '-' || text[at - 1] == '.');
      size_t end = at + host.size();
      // The rest of its full name goes, too.
      while (end < text.size() &&
             (std::isalnum(static_cast<unsigned char>(text[end])) || text[end] == '.' || text[end] == '-'))
        ++end;
      while (end > at + host.size() && text[end - 1] == '.') --end;
      bool whole = end == at + host.size() || text[at + host.size()] == '.';
      if (!begins || !whole) {
        ++at;
        continue;
      }
      text.replace(at, end - at, word);
      at += word.size();
    }
    return text;
  }

  void put(const Field& field) {
    std::string label = field.name.empty() ? "" : field.name + ":";
    size_t width = characters(label);
    label += std::string(width < 20 ? 20 - width : 1, ' ');
    line("  " + label + (field.masked ? shown(field.value) : printable(field.value)));
  }

  const Trace& trace_;
  const TicketOptions& options_;
  std::vector<std::string> own_;
  std::map<std::string, std::string> masks_;
  const bool german_;
  std::set<std::string, std::greater<>> hidden_;
  std::string out_;
};

}  // namespace

std::string masked_address(std::string_view address, size_t shown) {
  auto at = address.rfind('@');
  if (at == std::string_view::npos) return std::string(address);
  size_t end = 0;
  for (; end < at && shown > 0; --shown) {
    ++end;  // a character may have several bytes
    while (end < at && (static_cast<unsigned char>(address[end]) & 0xC0) == 0x80) ++end;
  }
  return std::string(address.substr(0, end)) + "***" + std::string(address.substr(at));
}

std::map<std::string, std::string> distinct_masks(const std::vector<std::string>& addresses) {
  constexpr size_t fewest_hidden = 2;
  std::map<std::string, std::vector<std::string>> alike;
  std::map<std::string, std::string> out;
  for (auto& given : addresses)
    if (auto address = lower(given);
        address.find('@') != std::string::npos && out.emplace(address, "").second)
      alike[masked_address(address)].push_back(address);
  for (auto& [mask, group] : alike) {
    size_t shortest = std::string::npos;
    for (auto& address : group)
      shortest = std::min(shortest, characters(address.substr(0, address.rfind('@'))));
    auto tell_apart = [&, &group = group](size_t shown) {
      std::set<std::string> seen;
      for (auto& address : group) seen.insert(out[address] = masked_address(address, shown));
      return seen.size() == group.size();
    };
    size_t shown = 1;
    while (!tell_apart(shown) && shown + fewest_hidden < shortest) ++shown;
    if (tell_apart(shown)) continue;
    for (size_t i = 0; i < group.size(); ++i)
      out[group[i]] =
          fmt::format("{}({}){}", mask.substr(0, mask.rfind('@')), i + 1, mask.substr(mask.rfind('@')));
  }
  return out;
}

std::string mask_addresses(std::string_view text, const std::vector<std::string>& own) {
  return replace_addresses(text, [&](std::string_view address) {
    return is_own(address, own) ? std::string(address) : masked_address(address);
  });
}

std::string ticket_text(const Trace& trace, const std::vector<MailVerdict>& verdicts,
                        const TicketOptions& options) {
  if (trace.mails.empty()) return {};
  Writer writer(trace, verdicts, options);
  for (size_t i = 0; i < verdicts.size(); ++i) {
    if (i > 0) writer.line("");
    writer.verdict(verdicts[i]);
  }
  if (!verdicts.empty()) writer.evidence(verdicts);
  writer.link();
  return writer.take();
}

}  // namespace mailtrace
