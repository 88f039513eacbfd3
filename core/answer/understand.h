// Paste anything: what a text without a field name may mean: an address, an id, a log line, a bounce.
// Any thread.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/answer/words.h"
#include "core/base/id.h"
#include "core/base/time.h"
#include "core/mail/query.h"
#include "core/parse/header.h"

namespace mailtrace {

enum class PasteKind {
  nothing,     // blank
  address,     // alice@example.org
  domain,      // example.org, @example.org
  part,        // *alice*, or a word
  message_id,  // <…@…>
  queue_id,
  ip_address,
  log_line,  // one line of a mail log, or several of one mail
  headers,   // the head of a mail
  bounce,    // a non-delivery notice
  own_link,  // an id of ours, or a link with one
  time,      // "gestern mittag"
  envelope,  // "from anna@example.net to boris@example.org"
  name,      // "anna berger"
  status,    // "bounced"
  answer,    // "552 5.2.2": a code, or what a server said
  text       // words: a subject, an answer
};
std::string_view paste_kind_name(PasteKind kind);  // "queue_id"

// Something that was seen in the text: {"recipient", "boris@example.org"}.
struct PastePart {
  std::string name;  // queue_id message_id sender recipient ip_address server time answer reporting_server
                     // status remote_server subject outcome
  Words words;
  std::string value;
};

struct Understood {
  PasteKind kind = PasteKind::nothing;
  Words words;               // "a queue id"
  std::vector<Query> tries;  // the likeliest first; tried in order until one finds something
  std::vector<PastePart> found;
  std::optional<Id> id;  // own_link: the mail itself, for Reader::trace(); `tries` is empty then
};

// Each of `tries` is `base` with the criteria that the text means. Never fails; long texts are read for
// 256 KiB. `at`: what "yesterday" is a day before; `options.zone`: whose days.
Understood understand(std::string_view pasted, const Query& base = {}, const HeaderOptions& options = {},
                      Time at = now());

// What a criterion is called, by the name of its member of Query: {"sender or recipient", …} for "address".
Words criterion_words(std::string_view name);

bool is_ip_address(std::string_view text);
// A short (6-20 hex digits) or long Postfix queue id, or an Exim one.
bool is_queue_id(std::string_view text);

}  // namespace mailtrace
