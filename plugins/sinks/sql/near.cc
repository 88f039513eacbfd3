// Addresses that differ from a searched one by a slip of the hand, from the dictionary of addresses. A slip
// leaves one half of the text as it is, and that half is looked up. The reader's thread.
#include <algorithm>
#include <set>

#include "core/base/text.h"
#include "plugins/sinks/sql/criteria.h"
#include "plugins/sinks/sql/reader.h"

namespace mailtrace::sql {
namespace {

constexpr size_t most_candidates = 2000, longest = 200;
constexpr size_t most_slips = 2;

// How many letters must be put in, taken out, changed or swapped with their neighbour; more than most_slips:
// most_slips + 1.
size_t slips(std::string_view a, std::string_view b) {
  size_t longer = std::max(a.size(), b.size()), shorter = std::min(a.size(), b.size());
  if (longer - shorter > most_slips || longer > longest) return most_slips + 1;
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (size_t k = 0; k <= b.size(); ++k) last[k] = k;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t k = 1; k <= b.size(); ++k) {
      row[k] = std::min({last[k] + 1, row[k - 1] + 1, last[k - 1] + (a[i - 1] == b[k - 1] ? 0 : 1)});
      if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
        row[k] = std::min(row[k], before[k - 2] + 1);
    }
    before.swap(last);
    last.swap(row);
  }
  return std::min(last[b.size()], most_slips + 1);
}

std::string_view domain_of(std::string_view address) {
  size_t at = address.rfind('@');
  return at == std::string_view::npos ? std::string_view() : address.substr(at);
}

class Near {
 public:
  Near(Dialect dialect, Connection& connection, std::string text)
      : dialect_(dialect), connection_(connection), text_(std::move(text)) {}
  Result<std::vector<std::string>> find(size_t limit);

 private:
  Result<void> look_up(Pattern::Kind kind, std::string_view piece, bool domains);
  void offer(std::string candidate);

  Dialect dialect_;
  Connection& connection_;
  std::string text_;
  std::set<std::pair<size_t, std::string>> found_;
};

void Near::offer(std::string candidate) {
  if (candidate == text_) return;
  size_t distance = slips(text_, candidate);
  if (distance > most_slips) return;
  found_.emplace(distance, std::move(candidate));
}

Result<void> Near::look_up(Pattern::Kind kind, std::string_view piece, bool domains) {
  Pattern pattern;
  pattern.kind = kind;
  pattern.text = piece;
  if (piece.size() < 3) return {};
  Piece statement = dictionary_statement(dialect_, pattern, most_candidates);
  auto rows = connection_.query(statement.text, statement.parameters);
  if (!rows) return rows.error();
  for (size_t i = 0; i < rows->size(); ++i) {
    std::string address = rows->row(i)->text;
    offer(domains ? std::string(domain_of(address)) : address);
  }
  return {};
}

Result<std::vector<std::string>> Near::find(size_t limit) {
  using Kind = Pattern::Kind;
  std::string_view text = text_;
  size_t at = text.rfind('@');
  if (at == std::string_view::npos || text.size() > longest) return std::vector<std::string>();
  bool domains = at == 0;
  size_t middle = domains ? text.size() / 2 : at / 2;
  // One half of what stands before the @ (or of the domain alone), and the rest.
  std::pair<Kind, std::string_view> pieces[] = {
      {domains ? Kind::substring : Kind::prefix, text.substr(0, domains ? middle : at + 1)},
      {Kind::suffix, text.substr(middle)},
      {domains ? Kind::suffix : Kind::prefix, domains ? text.substr(middle) : text.substr(0, middle)},
  };
  for (auto& [kind, piece] : pieces)
    if (auto done = look_up(kind, piece, domains); !done) return done.error();
  std::vector<std::string> out;
  for (auto& [distance, candidate] : found_)
    if (out.size() < limit) out.push_back(candidate);
  return out;
}

}  // namespace

Result<std::vector<std::string>> find_near(Dialect dialect, Connection& connection,
                                           const std::string& address, size_t limit) {
  return Near(dialect, connection, lower(storable(address, text_limit("address")))).find(limit);
}

}  // namespace mailtrace::sql
