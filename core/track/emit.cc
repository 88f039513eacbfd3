#include "core/track/emit.h"

#include <zstd.h>

#include <cstring>

#include "core/mail/columns.h"

namespace mailtrace {
namespace {

std::string_view bytes_of(const Id& id) {
  return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}

std::array<char, 16> bytes_of(const Hash128& hash) {
  std::array<char, 16> out;
  for (size_t i = 0; i < 8; ++i) {
    out[i] = static_cast<char>(hash.high >> (56 - 8 * i));
    out[8 + i] = static_cast<char>(hash.low >> (56 - 8 * i));
  }
  return out;
}

// Eight lines of a mail: level 1 takes twice the time for a fifth less bytes.
constexpr int zstd_level = -1;

}  // namespace

// The time is that of the mail's id, which may be later than its birth: see halves.cc.
Id deliver_id(const Id& mail, const Hash128& line, std::string_view recipient, bool by_recipient) {
  auto bytes = bytes_of(line);
  std::string_view identity(bytes.data(), bytes.size());
  if (by_recipient)
    return make_id(mail.birth(), hash_fields({"deliver", bytes_of(mail), identity, recipient}));
  return make_id(mail.birth(), hash_fields({"deliver", bytes_of(mail), identity}));
}

Id refusal_id(Time time, std::string_view server, const Hash128& line) {
  auto bytes = bytes_of(line);
  return make_id(time, hash_fields({"refusal", server, std::string_view(bytes.data(), bytes.size())}));
}

Emitter::Emitter() : zstd_(ZSTD_createCCtx()) {}
Emitter::~Emitter() { ZSTD_freeCCtx(zstd_); }

void Emitter::start(Batch& batch) { batch_ = &batch; }

void Emitter::finish() {
  batch_ = nullptr;
  connects_.clear();
  deliveries_.clear();
}

void Emitter::add(ConnectRow row) {
  auto [found, added] = connects_.try_emplace(row.id, batch_->connects.size());
  if (added)
    batch_->connects.push_back(std::move(row));
  else
    merge(batch_->connects[found->second], row);
}

void Emitter::add(DeliverRow row) {
  auto [found, added] = deliveries_.try_emplace(row.id, batch_->deliveries.size());
  if (added)
    batch_->deliveries.push_back(std::move(row));
  else
    merge(batch_->deliveries[found->second], row);
}

void Emitter::add_mail(OpenMail& mail, const std::string& server) {
  if (mail.row) {
    ConnectRow row = std::move(*mail.row);
    row.day = mail.id.day();
    row.id = mail.id;
    row.connect_time = mail.birth;
    row.server = server;
    row.queue_id = mail.queue_id;
    add(std::move(row));
  }
  for (auto& delivery : mail.deliveries) {
    DeliverRow row = std::move(delivery.row);
    row.day = mail.id.day();
    row.connect_id = mail.id;
    row.id = delivery.stored.is_zero()
                 ? deliver_id(mail.id, delivery.line, row.recipient.value_or(""), delivery.by_recipient)
                 : delivery.stored;
    row.connect_time = mail.birth;
    row.server = server;
    row.queue_id = mail.queue_id;
    add(std::move(row));
  }
  if (!mail.lines.empty()) add_lines(mail.id, mail.first_line, mail.last_line, mail.lines);
}

void Emitter::add_lines(const Id& connect_id, const Hash128& first, const Hash128& last,
                        const std::string& lines) {
  LinesRow row;
  row.day = connect_id.day();
  row.connect_id = connect_id;
  auto begin = bytes_of(first), end = bytes_of(last);
  row.id = make_id(connect_id.birth(),
                   hash_fields({"lines", bytes_of(connect_id), std::string_view(begin.data(), begin.size()),
                                std::string_view(end.data(), end.size())}));
  row.data.resize(ZSTD_compressBound(lines.size()));
  size_t size =
      ZSTD_compressCCtx(zstd_, row.data.data(), row.data.size(), lines.data(), lines.size(), zstd_level);
  if (ZSTD_isError(size)) return;
  row.data.resize(size);
  batch_->lines.push_back(std::move(row));
}

}  // namespace mailtrace
