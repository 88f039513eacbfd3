// Scope: what somebody may see; ScopedReader: a Reader that gives no more than that. The one place where
// rights on mails are decided: handlers and core/answer get this Reader and no other. The worker's thread.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/answer/direction.h"
#include "core/plugin/sink.h"
#include "plugins/web/accounts/accounts.h"

namespace mailtrace::portal {

// What stands for a name of ours in what is shown to customers.
inline constexpr const char* hidden_name = "…";

class Scope {
 public:
  explicit Scope(const accounts::User& user);

  bool sees_all() const { return all_; }
  bool is_person() const { return person_; }  // role user: other people's data are masked
  bool sees_lines() const { return !person_; }
  bool sees_hosts() const { return !person_; }
  bool sees_overview() const { return all_; }
  // "anna@example.org", or "@example.org" for a domain; lower case.
  const std::vector<std::string>& own() const { return own_; }

  // Whose is it? False for absent and for the null sender.
  bool is_own(const std::optional<std::string>& address) const;
  bool sees(const ConnectRow& connect, const DeliverRow& deliver) const;
  bool sees(const ConnectRow& connect) const { return all_ || is_own(connect.sender); }
  // What is stored without what this person may not see. The row must be one that he sees.
  // `inside`: known to have gone to a host of ours.
  void mask(ConnectRow& connect) const;
  void mask(const ConnectRow& connect, DeliverRow& deliver, const OwnHosts& hosts, bool inside) const;
  // Leaves nothing that is not seen; a trace may become empty.
  void reduce(Trace& trace, const OwnHosts& hosts) const;
  // The name of the criterion that this person may not search by; empty: none.
  std::string forbidden_criterion(const Query& query) const;

 private:
  void reduce(Mail& mail, const Trace& trace, const OwnHosts& hosts) const;
  std::vector<std::string> own_;
  bool all_ = false, person_ = true;
};

class ScopedReader : public Reader {
 public:
  ScopedReader(Reader& reader, const Scope& scope) : reader_(reader), scope_(scope) {}

  Result<Page> search(const Query& query) noexcept override;
  Result<Trace> trace(const Id& connect_id) noexcept override;
  Result<std::vector<Id>> find(const std::string& what) noexcept override;
  Result<std::optional<Mail>> find_open(const std::string& server, const std::string& queue_id,
                                        Time at) noexcept override;
  Result<std::vector<HostRow>> hosts(Day from, Day to) noexcept override;
  Result<std::vector<HourRow>> hours(Time from, Time to) noexcept override;
  Result<std::vector<GapRow>> gaps(Time from, Time to) noexcept override;
  Result<std::vector<UnknownRow>> unknown(Day from, Day to) noexcept override;
  Result<Overview> overview(const OverviewQuery& query) noexcept override;
  Result<Alike> alike(const AlikeQuery& query) noexcept override;
  Result<std::vector<std::string>> near_addresses(const std::string& address, size_t most) noexcept override;
  Result<std::vector<Checkpoint>> checkpoints() noexcept override;
  Result<std::pair<Day, Day>> days() noexcept override { return reader_.days(); }
  // Which way the mails go that are shown together, `beside` a trace. Asks for the hosts only.
  Result<std::vector<RowPlace>> places(const std::vector<const Hit*>& hits,
                                       const Trace* beside = nullptr) noexcept;

 private:
  Result<const OwnHosts*> own_hosts();  // of those from whom they are hidden: else empty
  Result<OwnHosts> all_hosts();
  Result<bool> went_inside(const Hit& hit);

  Reader& reader_;
  const Scope& scope_;
  std::optional<OwnHosts> hosts_;
  std::map<std::string, bool> relays_;  // by address: one of ours?
};

}  // namespace mailtrace::portal
