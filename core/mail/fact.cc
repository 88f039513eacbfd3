// Facts as text, for fixtures and debugging. Any thread.
#include "core/mail/fact.h"

#include <fmt/format.h>

#include "core/base/text.h"

namespace mailtrace {
namespace {

const char* name_of(Outcome o) {
  static constexpr const char* names[] = {"sent",        "deferred",      "bounced",   "expired",
                                          "deliverable", "undeliverable", "discarded", "filtered"};
  return names[static_cast<size_t>(o)];
}

const char* name_of(NotificationKind k) {
  static constexpr const char* names[] = {"bounce", "delay", "success", "postmaster"};
  return names[static_cast<size_t>(k)];
}

const char* name_of(AdminKind k) {
  static constexpr const char* names[] = {"deleted", "held", "released", "requeued", "expired"};
  return names[static_cast<size_t>(k)];
}

const char* name_of(PolicyAction a) {
  static constexpr const char* names[] = {"reject",   "defer",   "discard", "hold",  "filter",
                                          "redirect", "bcc",     "warn",    "info",  "delay",
                                          "accept",   "replace", "prepend", "hangup"};
  return names[static_cast<size_t>(a)];
}

// "name" and then " key=value" for every field that is set.
class Writer {
 public:
  explicit Writer(const char* name) : out_(name) {}
  std::string take() { return std::move(out_); }

  // Empty: the line did not say it.
  Writer& text(const char* key, std::string_view value) {
    if (!value.empty()) put(key, value);
    return *this;
  }
  // Set and empty is a value of its own.
  Writer& text(const char* key, const std::optional<std::string_view>& value) {
    if (value) put(key, *value);
    return *this;
  }
  template <class Number>
  Writer& number(const char* key, const std::optional<Number>& value) {
    if (value) put(key, fmt::format("{}", *value));
    return *this;
  }
  Writer& nonzero(const char* key, int value) {
    if (value != 0) put(key, fmt::format("{}", value));
    return *this;
  }
  Writer& flag(const char* key, bool value) {
    if (value) put(key, "true");
    return *this;
  }
  template <class Enum>
  Writer& choice(const char* key, Enum value) {
    put(key, name_of(value));
    return *this;
  }
  Writer& peer(const std::string& key, const Peer& value) {
    text((key + "_name").c_str(), value.name);
    text((key + "_addr").c_str(), value.addr);
    return nonzero((key + "_port").c_str(), value.port);
  }
  Writer& tls(const Tls& value) {
    return text("tls_trust", value.trust)
        .text("tls_protocol", value.protocol)
        .text("tls_cipher", value.cipher);
  }

 private:
  void put(const char* key, std::string_view value) {
    out_ += ' ';
    out_ += key;
    out_ += '=';
    std::string shown = printable(value);
    if (!value.empty() && shown == value && value.find_first_of(" \"\\=") == std::string_view::npos) {
      out_ += value;
      return;
    }
    std::string escaped;
    for (char c : value) {
      if (c == '"' || c == '\\') escaped += '\\';
      escaped += c;
    }
    out_ += '"' + printable(escaped) + '"';
  }

  std::string out_;
};

std::string format(const std::monostate&) { return "nothing"; }

std::string format(const SessionOpened& f) {
  return Writer("session_opened").peer("client", f.client).text("session", f.session).take();
}

std::string format(const SessionTls& f) {
  return Writer("session_tls").peer("client", f.client).tls(f.tls).text("session", f.session).take();
}

std::string format(const SessionLogin& f) {
  return Writer("session_login").text("session", f.session).text("username", f.username).take();
}

std::string format(const SessionClosed& f) {
  return Writer("session_closed")
      .peer("client", f.client)
      .text("how", f.how)
      .text("stage", f.stage)
      .text("counts", f.counts)
      .text("session", f.session)
      .take();
}

std::string format(const LoginFailed& f) {
  return Writer("login_failed")
      .peer("client", f.client)
      .text("mechanism", f.mechanism)
      .text("username", f.username)
      .text("reason", f.reason)
      .take();
}

std::string format(const Opened& f) {
  return Writer("opened")
      .text("queue_id", f.queue_id)
      .text("service", f.service)
      .peer("client", f.client)
      .text("sasl_method", f.sasl_method)
      .text("sasl_username", f.sasl_username)
      .text("sasl_sender", f.sasl_sender)
      .text("orig_queue_id", f.orig_queue_id)
      .peer("orig_client", f.orig_client)
      .text("resent_queue_id", f.resent_queue_id)
      .text("notifies_queue_id", f.notifies_queue_id)
      .text("uid", f.uid)
      .text("sender", f.sender)
      .text("helo", f.helo)
      .text("protocol", f.protocol)
      .text("message_id", f.message_id)
      .text("subject", f.subject)
      .number("size", f.size)
      .number("recipients", f.recipients)
      .tls(f.tls)
      .text("session", f.session)
      .take();
}

std::string format(const MessageId& f) {
  return Writer("message_id")
      .text("queue_id", f.queue_id)
      .text("message_id", std::optional(f.message_id))
      .flag("resent", f.resent)
      .take();
}

std::string format(const Queued& f) {
  return Writer("queued")
      .text("queue_id", f.queue_id)
      .text("sender", f.sender)
      .number("size", f.size)
      .number("recipients", f.recipients)
      .take();
}

std::string format(const Attempt& f) {
  return Writer("attempt")
      .text("queue_id", f.queue_id)
      .text("transport", f.transport)
      .text("recipient", f.recipient)
      .text("original_recipient", f.original_recipient)
      .text("other_recipients", f.other_recipients)
      .peer("relay", f.relay)
      .number("delay", f.delay)
      .number("delay_before", f.delay_before)
      .number("delay_queue", f.delay_queue)
      .number("delay_connect", f.delay_connect)
      .number("delay_transmit", f.delay_transmit)
      .number("connections_used", f.connections_used)
      .text("tls", f.tls)
      .text("dsn", f.dsn)
      .nonzero("smtp_code", f.smtp_code)
      .choice("outcome", f.outcome)
      .text("response", f.response)
      .text("next_queue_id", f.next_queue_id)
      .flag("forwarded", f.forwarded)
      .text("lmtp_session", f.lmtp_session)
      .flag("cut", f.cut)
      .text("session", f.session)
      .take();
}

std::string format(const Expired& f) {
  return Writer("expired")
      .text("queue_id", f.queue_id)
      .text("sender", f.sender)
      .flag("forced", f.forced)
      .take();
}

std::string format(const Removed& f) { return Writer("removed").text("queue_id", f.queue_id).take(); }

std::string format(const Notification& f) {
  return Writer("notification")
      .text("queue_id", f.queue_id)
      .text("child_queue_id", f.child_queue_id)
      .choice("kind", f.kind)
      .take();
}

std::string format(const AdminAction& f) {
  return Writer("admin_action")
      .text("queue_id", f.queue_id)
      .choice("kind", f.kind)
      .text("recipient", f.recipient)
      .text("original_recipient", f.original_recipient)
      .take();
}

std::string format(const Policy& f) {
  return Writer("policy")
      .text("queue_id", f.queue_id)
      .text("service", f.service)
      .choice("action", f.action)
      .flag("milter", f.milter)
      .flag("proxy", f.proxy)
      .text("stage", f.stage)
      .peer("client", f.client)
      .nonzero("smtp_code", f.smtp_code)
      .text("dsn", f.dsn)
      .text("text", f.text)
      .text("sender", f.sender)
      .text("recipient", f.recipient)
      .text("protocol", f.protocol)
      .text("helo", f.helo)
      .text("sasl_method", f.sasl_method)
      .text("sasl_username", f.sasl_username)
      .text("header", f.header)
      .flag("greylisted", f.greylisted)
      .flag("blocked", f.blocked)
      .flag("cut", f.cut)
      .text("session", f.session)
      .take();
}

std::string format(const Subject& f) {
  return Writer("subject").text("queue_id", f.queue_id).text("subject", f.subject).take();
}

std::string format(const Listed& f) {
  return Writer("listed").text("addr", f.addr).text("domain", f.domain).text("answer", f.answer).take();
}

std::string format(const Screened& f) {
  return Writer("screened").peer("client", f.client).text("verdict", f.verdict).take();
}

std::string format(const Aborted& f) {
  return Writer("aborted")
      .text("queue_id", f.queue_id)
      .text("reason", f.reason)
      .nonzero("smtp_code", f.smtp_code)
      .text("dsn", f.dsn)
      .take();
}

std::string format(const Verdict& f) {
  return Writer("verdict")
      .text("program", f.program)
      .text("queue_id", f.queue_id)
      .text("message_id", f.message_id)
      .text("action", f.action)
      .text("text", f.text)
      .number("score", f.score)
      .text("dkim", f.dkim)
      .text("dmarc", f.dmarc)
      .text("spf", f.spf)
      .text("inner_queue_id", f.inner_queue_id)
      .text("mail_id", f.mail_id)
      .peer("client", f.client)
      .text("sender", f.sender)
      .text("recipient", f.recipient)
      .take();
}

std::string format(const Mailbox& f) {
  return Writer("mailbox")
      .text("session", f.session)
      .text("user", f.user)
      .text("message_id", f.message_id)
      .text("folder", f.folder)
      .text("outcome", f.outcome)
      .text("target", f.target)
      .text("text", f.text)
      .take();
}

std::string format(const ServiceEvent& f) {
  return Writer("service_event").text("what", f.what).text("version", f.version).take();
}

}  // namespace

std::string format_fact(const Fact& fact) {
  return std::visit([](const auto& f) { return format(f); }, fact);
}

}  // namespace mailtrace
