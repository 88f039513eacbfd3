// The list that `mailtrace search` shows people: two lines a result, in and out. Main thread.
#pragma once
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/mail/query.h"
#include "core/tool/terminal.h"

namespace mailtrace {

// The deliveries of a mail, for a row that names no recipient.
using DeliveriesOf = std::function<std::vector<DeliverRow>(const Id& mail)>;

// Columns grow with what comes and never shrink, so that later results stand below earlier ones.
class ResultTable {
 public:
  explicit ResultTable(const Terminal& terminal, DeliveriesOf deliveries_of = {})
      : terminal_(terminal), deliveries_of_(std::move(deliveries_of)) {}
  // `attempts`: how many each hit stands for; empty: one.
  std::string add(const std::vector<Hit>& hits, std::span<const size_t> attempts = {});

 private:
  const Terminal& terminal_;
  const DeliveriesOf deliveries_of_;
  size_t address_width_ = 0, middle_width_ = 0;
  bool begun_ = false;
};

std::string result_table(const std::vector<Hit>& hits, const Terminal& terminal,
                         DeliveriesOf deliveries_of = {});

// Of what row_status() gives (core/answer/status_words.h).
std::string status_word(const std::string& status, const Terminal& terminal);
Colour status_colour(const std::string& status);
// "name [addr]:port" with what is known; safe to print.
std::string host_text(const std::optional<std::string>& name, const std::optional<std::string>& addr,
                      std::optional<int64_t> port = {});
// The address, "<>" for the null sender, "?" for an unknown one; safe to print.
std::string address_text(const std::optional<std::string>& address);
// The recipient, or those that a row without one is known to be about, or words for them; safe to print.
std::string recipient_text(const ConnectRow& mail, const DeliverRow& row,
                           std::span<const DeliverRow> deliveries, const Terminal& terminal);
// The Message-ID in <>; "" if unknown.
std::string message_id_text(const std::optional<std::string>& id);

}  // namespace mailtrace
