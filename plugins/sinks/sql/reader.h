// Reader of one SQL database: its own connection, the thread of whoever opened it.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "core/plugin/sink.h"
#include "plugins/sinks/sql/driver.h"

namespace mailtrace::sql {

Result<std::unique_ptr<Reader>> make_reader(std::shared_ptr<Database> database);

// All checkpoints, or that of one receiver.
Result<std::vector<Checkpoint>> read_checkpoints(Connection& connection, const std::string* receiver);
// Oldest and newest day that holds a mail; equal to Day{} if there is none. `known`: an earlier answer; only
// what lies outside it, and its own edges, is looked at, which spares PostgreSQL most partitions.
Result<std::pair<Day, Day>> read_days(Connection& connection, std::pair<Day, Day> known = {});

// line_counts.cc
Result<std::vector<HourRow>> read_hours(Connection& connection, Time from, Time to);
Result<std::vector<GapRow>> read_gaps(Connection& connection, Time from, Time to);
Result<std::vector<UnknownRow>> read_unknown(Connection& connection, Day from, Day to);

// search.cc. `stored`: what read_days() said last.
Result<Page> search_rows(Dialect dialect, Connection& connection, std::pair<Day, Day>& stored,
                         const Query& query);
// overview.cc
Result<Overview> read_overview(Dialect dialect, Connection& connection, const OverviewQuery& query);
Result<Alike> read_alike(Dialect dialect, Connection& connection, const AlikeQuery& query);
// near.cc
Result<std::vector<std::string>> find_near(Dialect dialect, Connection& connection,
                                           const std::string& address, size_t limit);
// trace.cc
Result<Trace> trace_mails(Connection& connection, const Id& connect_id);
// Null if there is no such mail.
Result<std::optional<Mail>> load_mail(Connection& connection, Day day, const Id& id, bool with_lines);

}  // namespace mailtrace::sql
