// Emitter: turns what is not written yet of a mail into rows of a batch. Pipeline thread.
#pragma once
#include <memory>
#include <unordered_map>

#include "core/mail/rows.h"
#include "core/track/open_mail.h"

struct ZSTD_CCtx_s;

namespace mailtrace {

class Emitter {
 public:
  Emitter();
  ~Emitter();
  void start(Batch& batch);  // the batch that add… write to, until finish()
  void finish();
  // The mail's id is known.
  void add_mail(OpenMail& mail, const std::string& server);
  // Rows of a key that is in the batch already are merged into it.
  void add(ConnectRow row);
  void add(DeliverRow row);
  // Of two chunks with the same ends the longer one is stored. One that only begins like another has other
  // lines: what is read again after a stop may begin with a line of before and go on with new ones.
  void add_lines(const Id& connect_id, const Hash128& first, const Hash128& last, const std::string& lines);

 private:
  Batch* batch_ = nullptr;
  std::unordered_map<Id, size_t> connects_, deliveries_;
  ZSTD_CCtx_s* zstd_;
};

// The id of a row of deliverlog.
Id deliver_id(const Id& mail, const Hash128& line, std::string_view recipient, bool by_recipient);
// The id of a refusal that has no queue id.
Id refusal_id(Time time, std::string_view server, const Hash128& line);

}  // namespace mailtrace
