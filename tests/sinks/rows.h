// Rows for the tests: small builders, names of RFC 2606 and addresses of RFC 5737.
#pragma once
#include "core/mail/rows.h"

namespace mailtrace::test {

inline Day today() { return day_of(now()); }

inline ConnectRow mail(Time birth, const std::string& name) {
  ConnectRow row;
  row.id = make_id(birth, hash_fields({"mail", name}));
  row.day = row.id.day();
  row.connect_time = birth;
  row.server = "mx1.example.org";
  row.queue_id = name;
  row.flags = row_flag::opened;
  return row;
}

inline DeliverRow delivery(const ConnectRow& mail, const std::string& recipient, const std::string& status,
                           Microseconds after = std::chrono::seconds(1)) {
  DeliverRow row;
  row.day = mail.day;
  row.connect_id = mail.id;
  row.id =
      make_id(mail.id.birth(),
              hash_fields({"delivery", mail.id.hex(), recipient, status, std::to_string(after.count())}));
  row.connect_time = mail.connect_time;
  row.deliver_time = mail.connect_time + after;
  row.server = mail.server;
  row.queue_id = mail.queue_id;
  row.recipient = recipient;
  row.status = status;
  return row;
}

inline Batch batch_of(std::vector<ConnectRow> mails, std::vector<DeliverRow> deliveries = {}) {
  Batch batch;
  batch.connects = std::move(mails);
  batch.deliveries = std::move(deliveries);
  return batch;
}

}  // namespace mailtrace::test
