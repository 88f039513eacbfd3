// cleanup: Message-ID, header and body checks, mails that end before they are queued. Pipeline thread.
#include "plugins/parsers/postfix/grammar.h"

namespace mailtrace::postfix {

Parsed parse_cleanup(const Line& line, std::string_view queue_id, std::string_view text, Fact& fact) {
  Scan scan(text);
  bool resent = scan.skip("resent-");
  if (scan.skip("message-id=")) {
    // Free text of the client: everything to the end of the line.
    std::string_view id = scan.rest();
    if (id.size() >= 2 && id.front() == '<' && id.back() == '>') id = id.substr(1, id.size() - 2);
    fact = MessageId{queue_id, id, resent};
    return Parsed::fact;
  }
  if (text.starts_with("to=")) return parse_delivery(line, queue_id, text, fact);
  // Postfix 3.10 and later: the client went away or a milter discarded it
  if (scan.skip("removed (") && scan.rest().ends_with(')')) {
    fact = Aborted{queue_id, scan.rest().substr(0, scan.rest().size() - 1)};
    return Parsed::fact;
  }
  return parse_policy(line, queue_id, text, fact);
}

}  // namespace mailtrace::postfix
