// Stamps of syslog headers: RFC 3339, RFC 3164, which knows neither year nor zone, and seconds since 1970.
// Any thread.
#pragma once
#include "core/base/scan.h"
#include "core/parse/header.h"

namespace mailtrace {

struct Stamp {
  Time time;
  bool whole_seconds = true;  // no fraction was written
  bool coarse = true;         // at most three digits of one: several lines may share the stamp
};

// Each steps over the stamp, or leaves `scan` where it was. `received` decides about year and fold.
// "2026-11-23T20:11:54.154266+00:00"; without zone the zone of `options` is meant (syslog-ng ts-format(iso)).
bool read_rfc3339(Scan& scan, Time received, const HeaderOptions& options, Stamp& out);
// "Nov 23 20:11:54", also with a fraction or with a year in front ("2026 Nov 23 20:11:54", syslog-ng
// ts-format(full)).
bool read_rfc3164(Scan& scan, Time received, const HeaderOptions& options, Stamp& out);
// "1795464714.131466": seconds since 1970 (syslog-ng ts-format(unix)), of the years 2001 to 2286.
bool read_unix(Scan& scan, Stamp& out);

}  // namespace mailtrace
