// Shadow: what other instances may need of an open mail, in the cache. Everything in it is a hint: a value
// that cannot be read is as good as none. Pipeline thread.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/mail/query.h"
#include "core/track/open_mail.h"

namespace mailtrace {

// A mail as another instance, or the database, knows it.
struct KnownMail {
  Id id;
  Time birth{};
  Born born = Born::unknown;
  bool finished = false, queued = false;
  Time end_time{};
  uint64_t message_id_hash = 0;
  std::vector<Recipient> recipients;
};

KnownMail known_from_rows(const Mail& mail);
void keep_latest(std::vector<Recipient>& recipients, const Recipient& from);
std::string encode_shadow(const KnownMail& mail);
std::optional<KnownMail> decode_shadow(std::string_view bytes);
std::string mail_key(std::string_view server, std::string_view queue_id);

// An end of a link whose other end another instance may have: core/track/links.h.
struct KnownEnd {
  Id id;
  Time birth{}, attempt{};
  std::string server, queue_id, instance;
};
std::string encode_end(const KnownEnd& end);
std::optional<KnownEnd> decode_end(std::string_view bytes);
std::string claim_key(std::string_view next_queue_id);
std::string child_key(std::string_view queue_id);
std::string pipe_key(std::string_view server, uint64_t message_id_hash);

// What a mailbox server did in an LMTP session, one key for each of the first few lines.
inline constexpr size_t cached_outcomes = 4;
std::string outcome_key(std::string_view lmtp_session, size_t number);
std::string encode_outcome(std::string_view server, std::string_view what);
std::optional<std::pair<std::string, std::string>> decode_outcome(std::string_view bytes);

// TLS of a session: the first of each five seconds under a key of their number, because a busy server process
// has had several clients when the mail is written.
std::string session_key(std::string_view server, std::string_view program, std::string_view pid,
                        std::string_view client);
std::string tls_key(std::string_view session, int64_t period);
// The last beginning of such a session within those five seconds.
std::string opened_key(std::string_view session, int64_t period);
// Behind a tls_key(): the last one of those five seconds, if there was more than one.
inline constexpr const char* last_of_period = ":l";
int64_t tls_period(Time time);
// What a session that names itself said: client address and name, TLS, user. Its session_key() has no client.
inline constexpr char named_parts[] = {'a', 'n', 't', 'u'};
std::string named_key(std::string_view session, char part);
std::string encode_tls(Time time, std::string_view tls);
std::optional<std::pair<Time, std::string>> decode_tls(std::string_view bytes);

}  // namespace mailtrace
