// Merging of rows, driven by the column tables. Any thread.
#include "core/mail/columns.h"

#include <cmath>

namespace mailtrace {
namespace {

template <class T>
bool less(const T& a, const T& b) {
  // A number that is none gives way to any other, so that the order of merging never matters.
  if constexpr (std::is_same_v<T, double>) return std::isnan(b) ? !std::isnan(a) : a < b;
  return a < b;
}

template <class T>
void merge_value(T& to, const T& from, Merge how) {
  switch (how) {
    case Merge::key:
      return;
    case Merge::least:
      if (less(from, to)) to = from;
      return;
    case Merge::most:
      if constexpr (std::is_same_v<T, double>) {
        if (std::isnan(to) || from > to) to = from;
      } else if (less(to, from)) {
        to = from;
      }
      return;
    case Merge::bits:
      if constexpr (std::is_integral_v<T>) to |= from;
      return;
  }
}

template <class T>
void merge_value(std::optional<T>& to, const std::optional<T>& from, Merge how) {
  if (!from) return;
  if (!to)
    to = from;
  else
    merge_value(*to, *from, how);
}

}  // namespace

void merge(ConnectRow& to, const ConnectRow& from) {
  connect_columns([&](const auto& c) { merge_value(to.*c.member, from.*c.member, c.merge); });
}

void merge(DeliverRow& to, const DeliverRow& from) {
  deliver_columns([&](const auto& c) { merge_value(to.*c.member, from.*c.member, c.merge); });
}

void merge(LinesRow& to, const LinesRow& from) {
  bool longer = from.data.size() > to.data.size();
  if (longer || (from.data.size() == to.data.size() && from.data > to.data)) to.data = from.data;
}

}  // namespace mailtrace
