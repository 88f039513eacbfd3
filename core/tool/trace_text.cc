// A mail's way in words. Main thread.
#include "core/tool/trace_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/answer/json.h"
#include "core/answer/way.h"
#include "core/base/text.h"
#include "core/tool/mail_details.h"
#include "core/tool/result_table.h"
#include "core/tool/text_out.h"
#include "core/tool/way_text.h"

namespace mailtrace {
namespace {

class Writer {
 public:
  Writer(const Trace& trace, const Terminal& terminal) : trace_(trace), terminal_(terminal), out_(terminal) {}

  void head() {
    auto& first = trace_.mails.front().connect;
    out_.field("From", address_text(first.sender));
    std::vector<std::string> recipients;
    for (auto& d : trace_.mails.front().deliveries) {
      if (!d.recipient && !d.original_recipient) continue;
      auto text = address_text(d.original_recipient ? d.original_recipient : d.recipient);
      if (std::find(recipients.begin(), recipients.end(), text) == recipients.end())
        recipients.push_back(text);
    }
    std::string to;
    for (size_t i = 0; i < recipients.size() && i < 5; ++i) to += (i ? ", " : "") + recipients[i];
    if (recipients.size() > 5) to += fmt::format(" … ({})", recipients.size());
    if (!to.empty()) out_.field("To", to);
    for (auto& mail : trace_.mails)
      if (mail.connect.message_id) {
        out_.field("Message-ID", message_id_text(mail.connect.message_id));
        break;
      }
    for (auto& mail : trace_.mails)
      if (mail.connect.subject) {
        out_.field("Subject", printable(*mail.connect.subject));
        break;
      }
    out_.field("Times in", terminal_.zone(first.connect_time));
  }

  void verdict(const MailVerdict& v) {
    auto language = terminal_.german ? Language::german : Language::english;
    auto word = printable(v.word.in(language));
    auto width = display_width(word);
    auto text = terminal_.paint(tone_colour(v.tone), word) + std::string(width < 20 ? 20 - width : 1, ' ');
    if (v.decided) text += "  " + terminal_.date_time(*v.decided);
    if (v.recipient) text += "  " + printable(*v.recipient);
    if (v.original_recipient)
      text += fmt::format(" ({} {})", terminal_.say("for"), printable(*v.original_recipient));
    out_.line(2, text);
    out_.wrapped(4, printable(v.sentence.customer.in(language)));
    labelled("What to do", v.next.customer.in(language));
    if (v.customer_actor != v.actor) must_act(v.customer_actor);
    labelled("For admins", v.sentence.admin.in(language));
    labelled("Admins do", v.next.admin.in(language));
    must_act(v.actor);
  }

  void company(const Company& c) {
    labelled("You are not alone", c.sentence.in(terminal_.german ? Language::german : Language::english));
  }

  void must_act(Actor actor) {
    auto language = terminal_.german ? Language::german : Language::english;
    if (actor != Actor::nobody) labelled("Must act", actor_words(actor).in(language));
  }

  void body(const std::vector<MailVerdict>& verdicts, const std::vector<Company>& companies, Detail detail) {
    out_.title("What became of it");
    for (size_t i = 0; i < verdicts.size(); ++i) {
      verdict(verdicts[i]);
      if (i < companies.size()) company(companies[i]);
    }
    out_.title("The way");
    way_text(way_of(trace_), terminal_, out_);
    if (detail == Detail::verdict) return;
    out_.title("Details");
    mail_details(trace_, terminal_, out_);
    if (detail == Detail::all) log_lines();
  }

  std::string take() { return out_.take(); }

 private:
  void labelled(std::string_view label, const std::string& text) {
    if (!text.empty()) out_.wrapped(4, fmt::format("{}: {}", terminal_.say(label), printable(text)));
  }

  void log_lines() {
    bool any = false;
    for (size_t i = 0; i < trace_.mails.size(); ++i) {
      if (trace_.mails[i].lines.empty()) continue;
      if (!any) out_.title("Log lines");
      any = true;
      if (trace_.mails.size() > 1)
        out_.line(2, fmt::format("({}) {}", i + 1, printable(trace_.mails[i].connect.server)));
      for (auto& raw : trace_.mails[i].lines) out_.line(trace_.mails.size() > 1 ? 4 : 2, printable(raw));
    }
  }

  const Trace& trace_;
  const Terminal& terminal_;
  TextOut out_;
};

}  // namespace

std::string trace_text(const Trace& trace, const std::vector<MailVerdict>& verdicts, const Terminal& terminal,
                       Detail detail, const std::vector<Company>& companies) {
  if (trace.mails.empty()) return "";
  Writer writer(trace, terminal);
  writer.head();
  writer.body(verdicts, companies, detail);
  return writer.take();
}

Json trace_json(const Trace& trace, const std::vector<MailVerdict>& verdicts,
                const std::vector<Company>& companies) {
  Json mails = Json::array(), links = Json::array();
  for (auto& mail : trace.mails) {
    Json deliveries = Json::array();
    for (auto& d : mail.deliveries) deliveries.push_back(to_json(d));
    mails.push_back(
        {{"connect", to_json(mail.connect)}, {"deliveries", std::move(deliveries)}, {"lines", mail.lines}});
  }
  for (auto& link : trace.links)
    links.push_back({{"from", link.from.hex()}, {"to", link.to.hex()}, {"kind", link.kind}});
  Json ends = to_json(verdicts);
  for (size_t i = 0; i < companies.size() && i < ends.size(); ++i)
    if (companies[i].others > 0) ends[i]["alike"] = to_json(companies[i]);
  return {{"verdicts", std::move(ends)},
          {"way", to_json(way_of(trace))},
          {"mails", std::move(mails)},
          {"links", std::move(links)}};
}

}  // namespace mailtrace
