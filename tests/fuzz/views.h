// Walks over all text views of a fact, so that fuzz targets can see where they point.
#pragma once
#include <string_view>
#include <variant>

#include "core/mail/fact.h"

namespace mailtrace {

template <class F>
void views(const Peer& peer, F&& f) {
  f(peer.name);
  f(peer.addr);
}
template <class F>
void views(const Tls& tls, F&& f) {
  f(tls.trust);
  f(tls.protocol);
  f(tls.cipher);
}
template <class F>
void views(const std::optional<std::string_view>& text, F&& f) {
  if (text) f(*text);
}
template <class F, class... Views>
void texts(F&& f, const Views&... all) {
  (f(all), ...);
}

template <class F>
struct ViewWalk {
  F& f;
  void operator()(const std::monostate&) const {}
  void operator()(const SessionOpened& x) const {
    views(x.client, f);
    f(x.session);
  }
  void operator()(const SessionTls& x) const {
    views(x.client, f);
    views(x.tls, f);
    f(x.session);
  }
  void operator()(const SessionLogin& x) const { texts(f, x.session, x.username); }
  void operator()(const SessionClosed& x) const {
    views(x.client, f);
    texts(f, x.how, x.stage, x.counts, x.session);
  }
  void operator()(const LoginFailed& x) const {
    views(x.client, f);
    texts(f, x.mechanism, x.username, x.reason);
  }
  void operator()(const Opened& x) const {
    views(x.client, f);
    views(x.orig_client, f);
    views(x.sender, f);
    views(x.tls, f);
    texts(f, x.queue_id, x.service, x.sasl_method, x.sasl_username, x.sasl_sender, x.orig_queue_id,
          x.resent_queue_id, x.notifies_queue_id, x.uid, x.helo, x.protocol, x.message_id, x.subject,
          x.session);
  }
  void operator()(const MessageId& x) const { texts(f, x.queue_id, x.message_id); }
  void operator()(const Queued& x) const {
    views(x.sender, f);
    f(x.queue_id);
  }
  void operator()(const Attempt& x) const {
    views(x.relay, f);
    texts(f, x.queue_id, x.transport, x.recipient, x.original_recipient, x.other_recipients, x.tls, x.dsn,
          x.response, x.next_queue_id, x.lmtp_session, x.session);
  }
  void operator()(const Expired& x) const {
    views(x.sender, f);
    f(x.queue_id);
  }
  void operator()(const Removed& x) const { f(x.queue_id); }
  void operator()(const Notification& x) const { texts(f, x.queue_id, x.child_queue_id); }
  void operator()(const AdminAction& x) const { texts(f, x.queue_id, x.recipient, x.original_recipient); }
  void operator()(const Policy& x) const {
    views(x.client, f);
    views(x.sender, f);
    texts(f, x.queue_id, x.service, x.stage, x.dsn, x.text, x.recipient, x.protocol, x.helo, x.sasl_method,
          x.sasl_username, x.header, x.session);
  }
  void operator()(const Subject& x) const { texts(f, x.queue_id, x.subject); }
  void operator()(const Listed& x) const { texts(f, x.addr, x.domain, x.answer); }
  void operator()(const Screened& x) const {
    views(x.client, f);
    f(x.verdict);
  }
  void operator()(const Aborted& x) const { texts(f, x.queue_id, x.reason); }
  void operator()(const Verdict& x) const {
    views(x.client, f);
    views(x.sender, f);
    texts(f, x.program, x.queue_id, x.message_id, x.action, x.text, x.dkim, x.dmarc, x.spf, x.inner_queue_id,
          x.recipient);
  }
  void operator()(const Mailbox& x) const {
    texts(f, x.session, x.user, x.message_id, x.folder, x.outcome, x.target, x.text);
  }
  void operator()(const ServiceEvent& x) const { texts(f, x.what, x.version); }
};

// Calls `f` with every view of `fact`.
template <class F>
void for_each_view(const Fact& fact, F f) {
  std::visit(ViewWalk<F>{f}, fact);
}

}  // namespace mailtrace
