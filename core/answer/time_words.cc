#include "core/answer/time_words.h"

#include <date/tz.h>
#include <fmt/format.h>

namespace mailtrace {
namespace {

// Zones have German names of their own; other abbreviations are the same everywhere.
std::string zone_name(const std::string& abbreviation, bool german) {
  static constexpr std::pair<std::string_view, std::string_view> names[] = {
      {"CET", "MEZ"}, {"CEST", "MESZ"}, {"WET", "WEZ"}, {"WEST", "WESZ"}, {"EET", "OEZ"}, {"EEST", "OESZ"}};
  for (auto& [english, here] : names)
    if (german && abbreviation == english) return std::string(here);
  return abbreviation;
}

struct WallClock {
  std::chrono::days day;
  date::hh_mm_ss<std::chrono::seconds> clock;
  std::string zone;
};

WallClock wall_clock(Time time, const date::time_zone* zone, bool german) {
  std::string name = "UTC";
  if (zone) try {
      auto info = zone->get_info(date::sys_time<Microseconds>(time.time_since_epoch()));
      time += info.offset;
      name = zone_name(info.abbrev, german);
    } catch (const std::exception&) {  // no rule of that time: UTC
    }
  auto day = std::chrono::floor<std::chrono::days>(time.time_since_epoch());
  return {day, date::hh_mm_ss{std::chrono::floor<std::chrono::seconds>(time.time_since_epoch() - day)}, name};
}

std::string date_text(std::chrono::days since_1970, bool german) {
  date::year_month_day day{date::local_days(since_1970)};
  int year = static_cast<int>(day.year());
  unsigned month = static_cast<unsigned>(day.month()), date = static_cast<unsigned>(day.day());
  return german ? fmt::format("{:02}.{:02}.{:04}", date, month, year)
                : fmt::format("{:04}-{:02}-{:02}", year, month, date);
}

}  // namespace

std::string time_text(Time time, Language language, const date::time_zone* zone) {
  bool german = language == Language::german;
  auto wall = wall_clock(time, zone, german);
  auto clock = fmt::format("{:02}:{:02}:{:02}", wall.clock.hours().count(), wall.clock.minutes().count(),
                           wall.clock.seconds().count());
  return fill(german ? "{date}, {clock} Uhr ({zone})" : "{date} {clock} {zone}",
              {{"date", date_text(wall.day, german)}, {"clock", clock}, {"zone", wall.zone}});
}

TimeWords::TimeWords(Language language, const date::time_zone* zone, std::optional<Time> read_at)
    : german_(language == Language::german), zone_(zone) {
  if (zone && read_at) today_ = wall_clock(*read_at, zone, german_).day;
}

TimeWords::Moment TimeWords::moment(Time time) const {
  auto wall = wall_clock(time, zone_, german_);
  return {wall.day, fmt::format("{:02}:{:02}", wall.clock.hours().count(), wall.clock.minutes().count()),
          wall.zone};
}

// Empty: the date must be said.
std::string TimeWords::near_day(const Moment& moment) const {
  if (!today_) return {};
  switch ((moment.day - *today_).count()) {
    case -1:
      return german_ ? "gestern" : "yesterday";
    case 0:
      return german_ ? "heute" : "today";
    case 1:
      return german_ ? "morgen" : "tomorrow";
    default:
      return {};
  }
}

std::string TimeWords::put(const Forms& forms, const Moment& first, const Moment& last, bool zone_follows) {
  auto near = near_day(first);
  auto* form = said_ && said_->same_day(first) ? forms.known : near.empty() ? forms.dated : forms.near;
  said_ = last;
  std::string zone;
  if (!today_ && zone_follows) zone = german_ ? " (" + first.zone + ")" : " " + first.zone;
  return fill(form, {{"clock", first.clock},
                     {"until", last.clock},
                     {"day", near.empty() ? date_text(first.day, german_) : near},
                     {"zone", zone}});
}

std::string TimeWords::one(const Forms& en, const Forms& de, Time time) {
  auto at = moment(time);
  return put(german_ ? de : en, at, at);
}

std::string TimeWords::on(Time time) {
  return one({"at {clock}", "{day} at {clock}", "on {day} at {clock}{zone}"},
             {"um {clock} Uhr", "{day} um {clock} Uhr", "am {day} um {clock} Uhr{zone}"}, time);
}

std::string TimeWords::by(Time time) {
  return one({"by {clock}", "by {clock} {day}", "by {clock}{zone} on {day}"},
             {"bis {clock} Uhr", "bis {day} {clock} Uhr", "bis zum {day} um {clock} Uhr{zone}"}, time);
}

std::string TimeWords::since(Time time) {
  return one({"since {clock}", "since {clock} {day}", "since {clock}{zone} on {day}"},
             {"seit {clock} Uhr", "seit {day} {clock} Uhr", "seit dem {day} um {clock} Uhr{zone}"}, time);
}

std::string TimeWords::between(Time first, Time last) {
  auto from = moment(first), to = moment(last);
  if (from == to) return on(first);
  if (from.same_day(to))
    return put(german_ ? Forms{"zwischen {clock} und {until} Uhr", "{day} zwischen {clock} und {until} Uhr",
                               "am {day} zwischen {clock} und {until} Uhr{zone}"}
                       : Forms{"between {clock} and {until}", "{day} between {clock} and {until}",
                               "on {day} between {clock} and {until}{zone}"},
               from, to);
  Forms side = german_ ? Forms{"{clock} Uhr", "{day} um {clock} Uhr", "dem {day} um {clock} Uhr{zone}"}
                       : Forms{"{clock}", "{clock} {day}", "{clock}{zone} on {day}"};
  said_.reset();
  auto begin = put(side, from, from, from.zone != to.zone);
  auto end = put(side, to, to);
  said_.reset();  // of two days, neither
  return (german_ ? "zwischen " : "between ") + begin + (german_ ? " und " : " and ") + end;
}

}  // namespace mailtrace
