#include "core/track/shadow.h"

#include <cstring>

#include "core/track/fields.h"
#include "core/track/mailboxes.h"

namespace mailtrace {
namespace {

// memcached takes keys of up to 250 bytes without blanks; names from log lines may be anything.
std::string hashed(std::string_view prefix, std::initializer_list<std::string_view> fields) {
  auto hash = hash_fields(fields);
  Id id;
  std::memcpy(id.bytes.data(), &hash.high, 8);
  std::memcpy(id.bytes.data() + 8, &hash.low, 8);
  return std::string(prefix) + id.hex();
}

// Qmgr ends only who still waits: an attempt that ended a recipient counts, however late it is told.
bool replaces(const Recipient& from, const Recipient& old) {
  auto final = [](const Recipient& recipient) { return !recipient.waiting && !recipient.ended; };
  if (from.ended && final(old)) return false;
  if (old.ended && final(from)) return true;
  return from.attempt > old.attempt;
}

}  // namespace

void keep_latest(std::vector<Recipient>& recipients, const Recipient& from) {
  for (auto& recipient : recipients) {
    if (recipient.address != from.address || recipient.original != from.original) continue;
    if (replaces(from, recipient)) recipient = from;
    return;
  }
  recipients.push_back(from);
}

KnownMail known_from_rows(const Mail& mail) {
  KnownMail known;
  const ConnectRow& row = mail.connect;
  known.id = row.id;
  known.birth = row.connect_time;
  known.born = row.flags & row_flag::opened ? Born::opener
               : row.message_id             ? Born::message_id
                                            : Born::unknown;
  known.finished = row.flags & row_flag::removed;
  known.queued = row.size.has_value();
  known.end_time = row.end_time.value_or(Time{});
  if (row.message_id && !row.message_id->empty()) known.message_id_hash = message_id_hash(*row.message_id);
  for (auto& delivery : mail.deliveries)
    if (delivery.recipient)
      keep_latest(known.recipients, {*delivery.recipient, delivery.original_recipient.value_or(""),
                                     delivery.deliver_time, delivery.status == "deferred",
                                     delivery.status == "expired" || delivery.status == "deleted"});
  return known;
}

std::string encode_shadow(const KnownMail& mail) {
  FieldWriter out('m');
  out.id(mail.id);
  out.time(mail.birth);
  out.number(static_cast<uint64_t>(mail.born));
  out.number((mail.finished ? 1u : 0u) | (mail.queued ? 2u : 0u));
  out.time(mail.end_time);
  out.number(mail.message_id_hash);
  out.number(mail.recipients.size());
  for (auto& recipient : mail.recipients) {
    out.text(recipient.address);
    out.text(recipient.original);
    out.time(recipient.attempt);
    out.number((recipient.waiting ? 1u : 0u) | (recipient.ended ? 2u : 0u));
  }
  return out.done();
}

std::optional<KnownMail> decode_shadow(std::string_view bytes) {
  FieldReader in(bytes, 'm');
  KnownMail mail;
  mail.id = in.id();
  mail.birth = in.time();
  auto born = in.number();
  if (born > static_cast<uint64_t>(Born::opener)) return std::nullopt;
  mail.born = static_cast<Born>(born);
  auto bits = in.number();
  mail.finished = bits & 1;
  mail.queued = bits & 2;
  mail.end_time = in.time();
  mail.message_id_hash = in.number();
  for (auto count = in.number(); count && in.good(); --count) {
    Recipient recipient;
    recipient.address = in.text();
    recipient.original = in.text();
    recipient.attempt = in.time();
    auto state = in.number();
    recipient.waiting = state & 1;
    recipient.ended = state & 2;
    mail.recipients.push_back(std::move(recipient));
  }
  if (!in.complete()) return std::nullopt;
  return mail;
}

std::string mail_key(std::string_view server, std::string_view queue_id) {
  return hashed("mt:m:", {server, queue_id});
}

std::string encode_end(const KnownEnd& end) {
  FieldWriter out('e');
  out.id(end.id);
  out.time(end.birth);
  out.time(end.attempt);
  out.text(end.server);
  out.text(end.queue_id);
  out.text(end.instance);
  return out.done();
}

std::optional<KnownEnd> decode_end(std::string_view bytes) {
  FieldReader in(bytes, 'e');
  KnownEnd end;
  end.id = in.id();
  end.birth = in.time();
  end.attempt = in.time();
  end.server = in.text();
  end.queue_id = in.text();
  end.instance = in.text();
  if (!in.complete()) return std::nullopt;
  return end;
}

std::string claim_key(std::string_view next_queue_id) { return hashed("mt:q:", {next_queue_id}); }
std::string child_key(std::string_view queue_id) { return hashed("mt:c:", {queue_id}); }

std::string pipe_key(std::string_view server, uint64_t message_id_hash) {
  return hashed("mt:p:", {server, std::to_string(message_id_hash)});
}

std::string outcome_key(std::string_view lmtp_session, size_t number) {
  return hashed("mt:l:", {lmtp_session}) + ":" + std::to_string(number);
}

std::string encode_outcome(std::string_view server, std::string_view what) {
  FieldWriter out('o');
  out.text(server);
  out.text(what);
  return out.done();
}

std::optional<std::pair<std::string, std::string>> decode_outcome(std::string_view bytes) {
  FieldReader in(bytes, 'o');
  std::string server = in.text(), what = in.text();
  if (!in.complete()) return std::nullopt;
  return std::pair{std::move(server), std::move(what)};
}

std::string session_key(std::string_view server, std::string_view program, std::string_view pid,
                        std::string_view client) {
  return hashed("mt:s:", {server, program, pid, client});
}

std::string tls_key(std::string_view session, int64_t period) {
  return std::string(session) + ":" + std::to_string(period);
}

std::string opened_key(std::string_view session, int64_t period) { return tls_key(session, period) + ":o"; }

std::string named_key(std::string_view session, char part) { return std::string(session) + ":" + part; }

int64_t tls_period(Time time) { return to_us(time) / 5'000'000; }

std::string encode_tls(Time time, std::string_view tls) {
  FieldWriter out('t');
  out.time(time);
  out.text(tls);
  return out.done();
}

std::optional<std::pair<Time, std::string>> decode_tls(std::string_view bytes) {
  FieldReader in(bytes, 't');
  Time time = in.time();
  std::string tls = in.text();
  if (!in.complete()) return std::nullopt;
  return std::pair{time, std::move(tls)};
}

}  // namespace mailtrace
