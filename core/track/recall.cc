// What is half seen when a tracker ends, or has waited for its other half for some seconds: stored as hints
// in the same transaction as the rows and the checkpoint, and read again at the next start. Pipeline thread.
#include "core/track/fields.h"
#include "core/track/mail_tracker.h"

namespace mailtrace {
namespace {

enum Kind : char {
  session_hint = 's',
  named_hint = 'n',
  mailbox_hint = 'b',
  link_hint = 'k',
  lines_hint = 'l',
  reasons_hint = 'r'
};

// Between two hosts' words on one thing, when nothing is late.
constexpr Microseconds settled_after = std::chrono::seconds(10);

Id hint_id(std::initializer_list<std::string_view> fields) { return make_id(Time{}, hash_fields(fields)); }

std::string_view bytes_of(const Id& id) {
  return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}

}  // namespace

void MailTracker::remember(Time now, bool all, bool forget, Batch& batch) {
  Time before = all ? Time::max() : now - config_.flush_after / 2;
  Time until = now + config_.forget_after;
  Settled settled{newest_ - settled_after, start_ ? *start_ + settled_after : Time::max()};
  sessions_.remember(
      before, forget, [&](uint32_t server, std::string_view process, const Sessions::Session* session) {
        const std::string& name = mails_.server_name(server);
        std::string data;
        if (session) {
          FieldWriter out(session_hint);
          for (std::string_view text : {std::string_view(name), process, std::string_view(session->address),
                                        std::string_view(session->name), std::string_view(session->tls)})
            out.text(text);
          out.number((session->held ? 1u : 0u) | (session->proxied ? 2u : 0u));
          out.time(session->opened);
          out.time(session->time);
          data = out.done();
        }
        hints_.push_back({hint_id({"session", name, process}), std::move(data), until});
      });
  named_.remember(before, forget,
                  [&](uint32_t server, std::string_view session_name, const NamedSessions::Session* session) {
                    const std::string& name = mails_.server_name(server);
                    std::string data;
                    if (session) {
                      FieldWriter out(named_hint);
                      out.text(name);
                      out.text(session_name);
                      for (auto& text : {session->address, session->client, session->tls, session->user})
                        out.text(text);
                      data = out.done();
                    }
                    hints_.push_back({hint_id({"named", name, session_name}), std::move(data), until});
                  });
  mailboxes_.remember(before, all, settled, [&](const Mailboxes::Session& session) {
    FieldWriter out(mailbox_hint);
    out.text(session.name);
    out.time(session.time);
    out.number(session.told.size());
    for (auto& told : session.told) {
      out.text(told.what);
      out.text(mails_.server_name(told.server));
      out.hash(told.line);
      out.text(told.raw);
      out.time(told.time);
      out.text(told.sent);
    }
    out.number(session.delivered.size());
    for (auto& delivered : session.delivered) {
      const OpenMail* mail = mails_.get(delivered.mail);
      bool known = mail && mail->identified;
      out.id(known ? mail->id : delivered.id);
      out.time(known ? mail->birth : delivered.birth);
      out.text(known ? mail->queue_id : delivered.queue_id);
      out.hash(delivered.line);
      out.time(delivered.time);
      out.text(mails_.server_name(delivered.server));
      out.number(delivered.any_server);
    }
    hints_.push_back({hint_id({"mailbox", session.name}), out.done(), until});
  });
  links_.remember(before, all, settled, [&](Links::Side side, std::string_view name, const LinkEnd& end) {
    const OpenMail* mail = mails_.get(end.mail);
    bool known = mail && mail->identified;
    Id id = known ? mail->id : end.id;
    if (id.is_zero()) return;
    FieldWriter out(link_hint);
    out.number(side);
    out.text(name);
    out.id(id);
    out.time(known ? mail->birth : end.birth);
    out.time(end.attempt);
    out.text(mails_.server_name(end.server));
    out.text(known ? mail->queue_id : end.queue_id);
    out.text(end.instance);
    char letter = static_cast<char>('0' + side);
    hints_.push_back({hint_id({"link", {&letter, 1}, name, bytes_of(id)}), out.done(), until});
  });
  if (all) remember_reasons(newest_ - mailbox_wait);
  for (auto& hint : hints_) hint.until = until;
  std::move(hints_.begin(), hints_.end(), std::back_inserter(batch.hints));
  hints_.clear();
}

void MailTracker::remember_reasons(Time settled) {
  reasons_.remember(settled, [&](const Reasons::Client& client) {
    FieldWriter out(reasons_hint);
    out.text(client.address);
    out.time(client.time);
    out.number(client.notes.size());
    for (auto& note : client.notes) {
      out.number(static_cast<uint64_t>(note.source));
      out.time(note.time);
      for (auto& text : {note.server, note.text, note.said, note.sender, note.recipient, note.raw})
        out.text(text);
      out.number(note.any_sender);
      out.number(static_cast<uint64_t>(note.port));
      out.hash(note.line);
    }
    hints_.push_back({hint_id({"reasons", client.address}), out.done(), {}});
  });
}

// Of a mail that may be an address probe, or came out of a pipe filter: its next lines decide.
void MailTracker::remember_lines(const OpenMail& mail) {
  if (mail.lines.empty()) return;
  FieldWriter out(lines_hint);
  out.text(mail.lines);
  // Whether the database tells that it is over; older files may be imported behind newer ones.
  out.number((mail.imported ? 1u : 0u) | (mail.finished ? 2u : 0u));
  out.text(mails_.server_name(mail.server));
  out.text(mail.queue_id);
  out.id(mail.identified ? mail.id : Id{});
  out.time(mail.birth);
  std::string_view identity(reinterpret_cast<const char*>(&mail.first_line), sizeof mail.first_line);
  hints_.push_back(
      {hint_id({"lines", mails_.server_name(mail.server), mail.queue_id, identity}), out.done(), {}});
}

void MailTracker::recall(const std::vector<HintRow>& hints, Time now, std::vector<std::string>& lines) {
  recalled_ = now;
  for (auto& hint : hints) {
    if (hint.data.size() < 2) continue;
    switch (hint.data[1]) {
      case session_hint:
        recall_session(hint.data, now);
        break;
      case named_hint:
        recall_named(hint.data, now);
        break;
      case mailbox_hint:
        recall_mailbox(hint.data, now);
        break;
      case link_hint:
        recall_link(hint.data, now);
        break;
      case reasons_hint:
        recall_reasons(hint.data, now);
        break;
      case lines_hint: {
        std::string text = recall_lines(hint);
        for (size_t at = 0, end; at < text.size(); at = end + 1) {
          end = std::min(text.find('\n', at), text.size());
          lines.push_back(text.substr(at, end - at));
        }
        break;
      }
      default:
        break;
    }
  }
}

// Only while the mail is half seen. Later it would be taken for the one of now that has its short queue id.
std::string MailTracker::recall_lines(const HintRow& hint) {
  FieldReader in(hint.data, lines_hint);
  std::string text = in.text();
  auto bits = in.number();
  bool imported = bits & 1, finished = bits & 2;
  std::string server = in.text(), queue_id = in.text();
  Id id = in.id();
  Time birth = in.time();
  if (!in.complete()) return {};
  if (imported || !find_open_) return text;
  auto youngest = find_open_(server, queue_id, *recalled_ + std::chrono::days(1));
  if (!youngest) return text;
  const ConnectRow& row = youngest->connect;
  bool over = row.id == id ? !finished && (row.flags & row_flag::removed) : row.connect_time > birth;
  if (!over) return text;
  hints_.push_back({hint.id, {}, {}});
  return {};
}

void MailTracker::recall_session(std::string_view data, Time now) {
  FieldReader in(data, session_hint);
  Sessions::Session session;
  std::string server = in.text(), process = in.text();
  session.address = in.text();
  session.name = in.text();
  session.tls = in.text();
  auto bits = in.number();
  session.held = bits & 1;
  session.proxied = bits & 2;
  session.opened = in.time();
  session.time = in.time();
  session.received = now;
  if (in.complete()) sessions_.restore(mails_.server(server), process, std::move(session));
}

void MailTracker::recall_named(std::string_view data, Time now) {
  FieldReader in(data, named_hint);
  NamedSessions::Session session;
  std::string server = in.text(), name = in.text();
  for (auto* text : {&session.address, &session.client, &session.tls, &session.user}) *text = in.text();
  session.received = now;
  if (in.complete()) named_.restore(mails_.server(server), name, std::move(session));
}

void MailTracker::recall_mailbox(std::string_view data, Time now) {
  FieldReader in(data, mailbox_hint);
  Mailboxes::Session session;
  session.name = in.text();
  session.time = in.time();
  for (auto count = in.number(); count && in.good(); --count) {
    auto& told = session.told.emplace_back();
    told.what = in.text();
    told.server = mails_.server(in.text());
    told.line = in.hash();
    told.raw = in.text();
    told.time = in.time();
    told.sent = in.text();
  }
  for (auto count = in.number(); count && in.good(); --count) {
    auto& delivered = session.delivered.emplace_back();
    delivered.id = in.id();
    delivered.birth = in.time();
    delivered.queue_id = in.text();
    delivered.line = in.hash();
    delivered.time = in.time();
    delivered.server = mails_.server(in.text());
    delivered.any_server = in.number() != 0;
  }
  session.received = now;
  if (in.complete()) mailboxes_.restore(std::move(session));
}

void MailTracker::recall_reasons(std::string_view data, Time now) {
  FieldReader in(data, reasons_hint);
  Reasons::Client client;
  client.address = in.text();
  client.time = in.time();
  for (auto count = in.number(); count && in.good(); --count) {
    auto& note = client.notes.emplace_back();
    auto source = in.number();
    if (source > static_cast<uint64_t>(Reasons::Source::policy)) return;
    note.source = static_cast<Reasons::Source>(source);
    note.time = in.time();
    for (auto* text : {&note.server, &note.text, &note.said, &note.sender, &note.recipient, &note.raw})
      *text = in.text();
    note.any_sender = in.number() != 0;
    note.port = static_cast<int>(in.number());
    note.line = in.hash();
  }
  client.received = now;
  if (in.complete()) reasons_.restore(std::move(client));
}

void MailTracker::recall_link(std::string_view data, Time now) {
  FieldReader in(data, link_hint);
  auto side = in.number();
  std::string name = in.text();
  LinkEnd end;
  end.id = in.id();
  end.birth = in.time();
  end.attempt = in.time();
  end.server = mails_.server(in.text());
  end.queue_id = in.text();
  end.instance = in.text();
  end.received = now;
  if (in.complete() && side <= Links::sent_side)
    links_.restore(static_cast<Links::Side>(side), name, std::move(end));
}

}  // namespace mailtrace
