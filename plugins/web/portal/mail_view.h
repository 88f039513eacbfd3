// What several handlers need of one mail. The worker's thread.
#pragma once
#include <optional>

#include "core/answer/verdict.h"
#include "core/answer/way.h"
#include "plugins/web/portal/api.h"

namespace mailtrace::portal {

// Without what stands for hidden names: it says nothing.
DeliverRow shown(DeliverRow row);
Json deliver_json(DeliverRow row);
// {"connect", "deliver", "kind", "tone", "direction"}: a row of a result list.
Json hit_json(const Hit& hit, const RowPlace& place);

// The mail of the path with its whole way, as far as the caller may see it.
struct MailView {
  explicit MailView(const Call& call) : scope(call.caller.user) {}
  Scope scope;
  std::optional<ScopedReader> reader;
  Trace trace;
  const Mail* mail = nullptr;  // in `trace`
  std::optional<Response> refused;

  // `read_now`: of VerdictOptions.
  std::vector<MailVerdict> verdicts(const Call& call, const date::time_zone* zone = nullptr,
                                    bool read_now = false);
  Way way() const;
  // Told in the audit: which mail, and whose, as far as the caller sees it.
  void record(const Call& call, const std::string& action) const;
  // The delivery named by the parameter `deliver`; null if there is none of that id.
  const DeliverRow* delivery(const std::string& id) const;
};
// Fills `view`; looks at what is refused first.
void load_mail(Call& call, MailView& view, std::initializer_list<std::string_view> parameters);
Json verdict_json(const MailVerdict& verdict, const Scope& scope);

}  // namespace mailtrace::portal
