// What became of a mail at its mailbox: saved, or what the user's Sieve script did with it. Pipeline thread.
#include <array>

#include "core/base/scan.h"
#include "core/parse/pieces.h"
#include "plugins/parsers/dovecot/dovecot.h"

namespace mailtrace::dovecot {
namespace {

enum class Rest {
  folder,        // all the rest is a folder
  folder_cause,  // a folder, ": ", the cause
  quoted,        // 'folder'
  quoted_cause,  // 'folder': the cause
  path,          // <address>, and perhaps more
  path_cause,    // <address>: the cause
  cause,
  none
};
struct Action {
  std::string_view words, outcome;  // no outcome: known, but no end of the mail
  Rest rest;
};

// src/lib-lda/mail-deliver.c, mail-send.c
constexpr std::array<Action, 7> deliveries = {
    {{"saved mail to ", "saved", Rest::folder},
     {"save failed to open mailbox ", "failed", Rest::folder_cause},
     {"save failed to ", "failed", Rest::folder_cause},
     {"Return-Path missing, rejection reason: ", "rejected", Rest::cause},
     {"Auto-submitted message discarded: ", "discarded", Rest::cause},
     {"Temporarily failed to send rejection: ", "", Rest::none},
     {"Permanently failed to send rejection: ", "", Rest::none}}};

// Pigeonhole src/lib-sieve: sieve-actions.c, cmd-redirect.c, cmd-discard.c, plugins/{reject,vacation}; before
// 0.5.10 without "… action: " in front. 'M' and 'm' of "Marked" are both real.
constexpr std::array<Action, 32> actions = {{
    {"stored mail into mailbox ", "saved", Rest::quoted},
    {"failed to store into mailbox ", "failed", Rest::quoted_cause},
    {"left message in mailbox ", "", Rest::none},
    {"store into mailbox ", "", Rest::none},  // "… skipped", "… aborted"
    {"Marked message to be discarded if not explicitly delivered", "discarded", Rest::none},
    {"marked message to be discarded if not explicitly delivered", "discarded", Rest::none},
    {"forwarded to ", "redirected", Rest::path},
    {"discarded duplicate forward to ", "discarded", Rest::path},
    {"not forwarding message to ", "failed", Rest::path_cause},
    {"failed to redirect message to ", "failed", Rest::path_cause},
    {"failed to check for duplicate forward", "", Rest::none},
    {"failed to read header field ", "", Rest::none},
    {"rejected message from ", "rejected", Rest::path},
    {"reject message without sending a response (discard)", "discarded", Rest::none},
    {"failed to send rejection message to ", "failed", Rest::path_cause},
    {"reject action has no means to send mail", "", Rest::none},
    {"reject action aborted: ", "", Rest::none},
    {"not sending reject message", "", Rest::none},
    {"sent vacation response to ", "vacation", Rest::path},
    {"vacation action aborted: ", "", Rest::none},
    {"failed to send vacation response to ", "", Rest::none},
    {"failed to check for duplicate vacation response", "", Rest::none},
    {"discarded vacation reply to ", "", Rest::none},
    {"discarding vacation response ", "", Rest::none},
    {"discarded duplicate vacation response to ", "", Rest::none},
    {"discard vacation response ", "", Rest::none},
    {"sent mail notification to ", "", Rest::none},
    {"failed to send mail notification to ", "", Rest::none},
    {"sent report to ", "", Rest::none},
    {"failed to send report to ", "", Rest::none},
    {"piped message to program ", "", Rest::none},
    {"failed to pipe message to program ", "", Rest::none},
}};

template <size_t size>
const Action* find_action(const std::array<Action, size>& list, std::string_view text) {
  for (auto& action : list)
    if (text.starts_with(action.words)) return &action;
  return nullptr;
}

const Action* find_action(bool sieve, std::string_view& text) {
  if (!sieve) return find_action(deliveries, text);
  static constexpr std::array<std::string_view, 10> names = {
      "keep", "fileinto", "discard", "redirect", "reject", "ereject", "vacation", "notify", "pipe", "report"};
  for (auto name : names) {
    Scan scan(text);
    if (!scan.skip(name) || !scan.skip(" action: ")) continue;
    text = scan.rest();
    if (auto* action = find_action(actions, text)) return action;
    // other notes of this action: what it did not do
    static constexpr Action other = {"", "", Rest::none};
    return name == "vacation" || name == "notify" || name == "pipe" || name == "report" ? &other : nullptr;
  }
  return find_action(actions, text);
}

// "'Lists'", and where the script's name of it is another than the mailbox's: "'inbox.lists' (INBOX.lists)".
// sieve-actions.c, act_store_log_status()
bool read_quoted(Scan& scan, std::string_view& folder) {
  if (!scan.skip("'")) return false;
  std::string_view text = scan.rest();
  if (size_t other = text.rfind("' ("); other != std::string_view::npos && text.ends_with(')')) {
    folder = text.substr(other + 3, text.size() - other - 4);
    return true;
  }
  if (!text.ends_with('\'')) return false;
  folder = text.substr(0, text.size() - 1);
  return true;
}

// The same with ": " and a cause behind it.
bool read_quoted_cause(Scan& scan, std::string_view& folder) {
  if (!scan.skip("'")) return false;
  std::string_view text = scan.rest();
  size_t other = text.find("' (");
  if (other < text.find("': ") && text.find("): ", other) != std::string_view::npos)
    return scan.skip(text.substr(0, other + 3)) && scan.until("): ", folder);
  return scan.until("': ", folder);
}

// Behind "words"; what does not fit is left empty, the outcome stands.
void read_rest(Rest rest, std::string_view text, Mailbox& mailbox) {
  Scan scan(text);
  switch (rest) {
    case Rest::folder:
      mailbox.folder = text;
      return;
    case Rest::folder_cause:
      if (scan.until(": ", mailbox.folder)) mailbox.text = scan.rest();
      return;
    case Rest::quoted:
      read_quoted(scan, mailbox.folder);
      return;
    case Rest::quoted_cause:
      if (read_quoted_cause(scan, mailbox.folder)) mailbox.text = scan.rest();
      return;
    case Rest::path:
      read_path(scan, mailbox.target);
      return;
    case Rest::path_cause:
      if (read_path(scan, mailbox.target) && scan.skip(": ")) mailbox.text = scan.rest();
      return;
    case Rest::cause:
      mailbox.text = text;
      return;
    case Rest::none:
      return;
  }
}

struct Reading {
  size_t end = 0;  // of the Message-ID
  const Action* action = nullptr;
  std::string_view text;  // of the action
};

bool next_reading(bool sieve, std::string_view text, size_t from, Reading& out) {
  for (size_t at = text.find(": ", from); at != std::string_view::npos; at = text.find(": ", at + 1)) {
    std::string_view rest = text.substr(at + 2);
    const Action* action = find_action(sieve, rest);
    if (!action) continue;
    out = {at, action, rest};
    return true;
  }
  return false;
}

// "<id>, from=a@b, subject=…": a deliver_log_format with more keys behind msgid=%m.
size_t id_in_list(std::string_view text) {
  if (!text.starts_with('<') || text.ends_with('>')) return 0;
  size_t end = text.find(">, ");
  return end == std::string_view::npos ? 0 : end + 1;
}

bool is_cut(std::string_view id) {
  return id.starts_with('<') && id.ends_with("...");
}  // str_sanitize(…, 200)

bool can_be(const Reading& reading, std::string_view text) {
  std::string_view id = text.substr(0, reading.end);
  if (id.starts_with('<') && !id.ends_with('>') && !is_cut(id) && !id_in_list(id)) return false;
  std::string_view rest = reading.text.substr(reading.action->words.size()), ignored;
  Scan scan(rest);
  switch (reading.action->rest) {
    case Rest::quoted:
      return read_quoted(scan, ignored);
    case Rest::quoted_cause:
      return read_quoted_cause(scan, ignored);
    case Rest::path:
      return read_path(scan, ignored) && (scan.at_end() || scan.rest().starts_with(" ("));
    case Rest::path_cause:
      return read_path(scan, ignored) && (scan.at_end() || scan.rest().starts_with(": "));
    default:
      return true;
  }
}

// Behind the action stand words of the mail's sender or of another server.
bool tells_foreign_words(Rest rest) {
  return rest == Rest::path || rest == Rest::path_cause || rest == Rest::cause ||
         rest == Rest::folder_cause || rest == Rest::quoted_cause;
}

// The Message-ID is the sender's, up to 200 characters, and may read like the rest of the line: so the last
// action counts, unless an earlier one may be the real one, with words of a stranger behind it.
Parsed parse_message(const Line& line, bool sieve, std::string_view text, Fact& fact) {
  Reading reading, last;
  bool sure = true;
  for (size_t from = 0; next_reading(sieve, text, from, reading); from = reading.end + 1) {
    // "redirect action: forwarded to" is found again behind its own "action: "
    if ((last.action && reading.text.data() == last.text.data()) || !can_be(reading, text)) continue;
    if (last.action && (!sure || tells_foreign_words(last.action->rest))) {
      sure = false;
      if (reading.action->outcome != last.action->outcome) return Parsed::unknown;
    }
    last = reading;
  }
  if (!last.action) return Parsed::unknown;
  Mailbox mailbox;
  mailbox.session = line.session;
  mailbox.user = line.user;
  mailbox.outcome = last.action->outcome;
  if (mailbox.outcome.empty()) return Parsed::ignored;
  if (sure) {
    std::string_view id = text.substr(0, last.end);
    if (size_t end = id_in_list(id)) id = id.substr(0, end);
    bool cut = is_cut(id);
    if (id.size() > 2 && id.starts_with('<') && id.ends_with('>')) id = id.substr(1, id.size() - 2);
    if (id != "unspecified" && !cut) mailbox.message_id = id;
    read_rest(last.action->rest, last.text.substr(last.action->words.size()), mailbox);
  }
  fact = mailbox;
  return Parsed::fact;
}

// src/plugins/mail-log: "save: box=INBOX, uid=5, …", "copy from INBOX: box=…", "mailbox_create: box=…";
// whoever has it says the same again of each mail.
bool is_mail_log(std::string_view text) {
  static constexpr std::array<std::string_view, 11> events = {
      "save: ",           "copy: ",           "copy from ",    "delete: ",
      "undelete: ",       "expunge: ",        "flag_change: ", "mailbox_create: ",
      "mailbox_delete: ", "mailbox_rename: ", "autoexpunge: "};
  for (auto event : events)
    if (text.starts_with(event)) return true;
  return false;
}

// What lmtp and lda say besides: src/lmtp/lmtp-client.c, lmtp-proxy.c, Pigeonhole src/plugins/lda-sieve.
bool is_note(std::string_view text) {
  static constexpr std::array<std::string_view, 18> notes = {"Connect from ",
                                                             "Disconnect from ",
                                                             "Execution of script ",
                                                             "Execution of Sieve filters ",
                                                             "Aborted script execution sequence",
                                                             "Sent message to ",
                                                             "Failed to send message to ",
                                                             "conn ",
                                                             "lmtp-server: ",
                                                             "rcpt ",
                                                             "program exec:",
                                                             "main script: ",
                                                             "info: ",
                                                             "DEBUG: ",
                                                             "Mailbox created: ",
                                                             "Mailbox deleted: ",
                                                             "Mailbox renamed: ",
                                                             "Expunged "};
  for (auto note : notes)
    if (text.starts_with(note)) return true;
  return is_mail_log(text);
}

}  // namespace

Parsed parse_delivery(const Line& line, Fact& fact) {
  Scan scan(line.text);
  bool sieve = scan.skip("sieve: ");
  if (scan.skip("msgid=")) return parse_message(line, sieve, scan.rest(), fact);
  return is_note(scan.rest()) ? Parsed::ignored : Parsed::unknown;
}

}  // namespace mailtrace::dovecot
