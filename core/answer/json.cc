// Answers as JSON. Any thread.
#include "core/answer/json.h"

namespace mailtrace {
namespace {

void put(Json& to, const char* name, const std::string& text) {
  if (!text.empty()) to[name] = text;
}
void put(Json& to, const char* name, const std::optional<std::string>& text) {
  if (text) to[name] = *text;
}
void put(Json& to, const char* name, const std::optional<Time>& time) {
  if (time) to[name] = format_time(*time);
}
void put(Json& to, const char* name, const std::optional<Id>& id) {
  if (id) to[name] = id->hex();
}
void put(Json& to, const char* name, const Words& words) {
  if (!words.empty()) to[name] = to_json(words);
}
void put(Json& to, const char* name, const Sentence& sentence) {
  if (!sentence.customer.empty() || !sentence.admin.empty()) to[name] = to_json(sentence);
}

std::string sort_name(Query::Sort sort) {
  constexpr const char* names[] = {"time", "sender", "recipient", "status"};
  return names[static_cast<size_t>(sort)];
}

Json to_json(const GreylistStory& story) {
  Json out = Json::object();
  out["refused"] = Json::array();
  for (auto time : story.refused) out["refused"].push_back(format_time(time));
  put(out, "accepted", story.accepted);
  put(out, "delivered", story.delivered);
  put(out, "accepted_id", story.accepted_id);
  return out;
}

}  // namespace

Json to_json(const Words& words) { return {{"en", words.en}, {"de", words.de}}; }

Json to_json(const Sentence& sentence) {
  return {{"customer", to_json(sentence.customer)}, {"admin", to_json(sentence.admin)}};
}

Json to_json(const Explanation& explanation) {
  Json out = Json::object();
  out["rule"] = explanation.rule;
  out["category"] = explanation.category;
  out["text"] = to_json(explanation.text);
  put(out, "next", explanation.next);
  out["actor"] = actor_name(explanation.customer_actor);
  out["admin_actor"] = actor_name(explanation.actor);
  out["general"] = explanation.general;
  return out;
}

Json to_json(const MailVerdict& v) {
  Json out = Json::object();
  out["kind"] = verdict_name(v.kind);
  out["tone"] = tone_name(v.tone);
  out["word"] = to_json(v.word);
  out["sender"] = v.sender;
  put(out, "recipient", v.recipient);
  put(out, "original_recipient", v.original_recipient);
  out["sentence"] = to_json(v.sentence);
  put(out, "next", v.next);
  out["actor"] = actor_name(v.customer_actor);
  out["actor_words"] = to_json(actor_words(v.customer_actor));
  out["admin_actor"] = actor_name(v.actor);
  out["admin_actor_words"] = to_json(actor_words(v.actor));
  if (!v.explanation.empty()) out["explanation"] = to_json(v.explanation);
  out["accepted"] = format_time(v.accepted);
  put(out, "decided", v.decided);
  out["attempts"] = v.attempts;
  put(out, "next_from", v.next_from);
  put(out, "next_to", v.next_to);
  put(out, "deadline", v.deadline);
  if (v.kind == VerdictKind::waiting) out["overdue"] = v.overdue;
  put(out, "server", v.server);
  put(out, "folder", v.folder);
  put(out, "target", v.target);
  put(out, "answer", v.answer);
  put(out, "answered_by", v.answered_by);
  put(out, "reason", v.reason);
  if (!v.told.empty()) {
    out["told"] = v.told;
    out["told_delivered"] = v.told_delivered;
  }
  if (v.greylist) out["greylist"] = to_json(*v.greylist);
  out["mail"] = v.mail.hex();
  out["deliveries"] = Json::array();
  for (auto& id : v.deliveries) out["deliveries"].push_back(id.hex());
  return out;
}

Json to_json(const std::vector<MailVerdict>& verdicts) {
  Json out = Json::array();
  for (auto& verdict : verdicts) out.push_back(to_json(verdict));
  return out;
}

Json to_json(const Way& way) {
  Json nodes = Json::array(), edges = Json::array();
  for (auto& node : way.nodes) {
    Json one = {{"kind", way_node_name(node.kind)}, {"name", node.name}};
    put(one, "detail", node.detail);
    one["words"] = to_json(node.words);
    put(one, "mail", node.mail);
    put(one, "from", node.from);
    put(one, "until", node.until);
    one["tone"] = tone_name(node.tone);
    nodes.push_back(std::move(one));
  }
  for (auto& edge : way.edges) {
    Json one = {{"from", edge.from}, {"to", edge.to}, {"kind", edge.kind}};
    put(one, "at", edge.at);
    if (edge.seconds) one["seconds"] = *edge.seconds;
    put(one, "status", edge.status);
    one["tone"] = tone_name(edge.tone);
    one["attempts"] = edge.attempts;
    one["recipients"] = edge.recipients;
    put(one, "answer", edge.answer);
    edges.push_back(std::move(one));
  }
  return {{"nodes", std::move(nodes)}, {"edges", std::move(edges)}};
}

Json to_json(const Query& query) {
  Json out = Json::object();
  put(out, "address", query.address);
  put(out, "sender", query.sender);
  put(out, "recipient", query.recipient);
  put(out, "message_id", query.message_id);
  if (!query.status.empty()) out["status"] = query.status;
  put(out, "connect_from", query.connect_from);
  put(out, "connect_to", query.connect_to);
  put(out, "deliver_from", query.deliver_from);
  put(out, "deliver_to", query.deliver_to);
  put(out, "response", query.response);
  put(out, "queue_id_connect", query.queue_id_connect);
  put(out, "queue_id_deliver", query.queue_id_deliver);
  put(out, "queue_id", query.queue_id);
  put(out, "received_from", query.received_from);
  put(out, "sent_to", query.sent_to);
  put(out, "logged_by", query.logged_by);
  put(out, "sasl_user", query.sasl_user);
  put(out, "subject", query.subject);
  if (query.sort != Query::Sort::time) out["sort"] = sort_name(query.sort);
  if (query.ascending) out["ascending"] = true;
  return out;
}

Json to_json(const Understood& understood) {
  Json out = {{"kind", paste_kind_name(understood.kind)}, {"words", to_json(understood.words)}};
  put(out, "id", understood.id);
  out["found"] = Json::array();
  for (auto& part : understood.found)
    out["found"].push_back({{"name", part.name}, {"words", to_json(part.words)}, {"value", part.value}});
  out["tries"] = Json::array();
  for (auto& query : understood.tries) out["tries"].push_back(to_json(query));
  return out;
}

Json to_json(const Proof& proof) {
  Json out = {{"complete", proof.complete}, {"sentence", to_json(proof.sentence)}};
  out["hosts"] = Json::array();
  for (auto& host : proof.hosts) {
    Json one = {
        {"host", host.host},   {"first", format_time(host.first)},      {"last", format_time(host.last)},
        {"lines", host.lines}, {"silent_seconds", host.silent_seconds}, {"complete", host.complete}};
    one["gaps"] = Json::array();
    for (auto& gap : host.gaps)
      one["gaps"].push_back({{"from", format_time(gap.from)}, {"to", format_time(gap.to)}});
    one["sentence"] = to_json(host.sentence);
    put(one, "quiet", host.quiet);
    out["hosts"].push_back(std::move(one));
  }
  out["losses"] = Json::array();
  for (auto& loss : proof.losses)
    out["losses"].push_back({{"from", format_time(loss.from)},
                             {"to", format_time(loss.to)},
                             {"lines", loss.lines},
                             {"receiver", loss.receiver},
                             {"reason", loss.reason},
                             {"words", to_json(loss.words)}});
  out["near"] = Json::array();
  for (auto& miss : proof.near) {
    Json one = {{"kind", near_miss_name(miss.kind)}};
    put(one, "value", miss.value);
    one["words"] = to_json(miss.words);
    one["query"] = to_json(miss.query);
    one["count"] = miss.count;
    one["more"] = miss.more;
    one["newest"] = format_time(miss.newest);
    out["near"].push_back(std::move(one));
  }
  return out;
}

Json to_json(const Company& company) {
  Json out = {{"others", company.others}, {"senders", company.senders}, {"at_least", company.at_least}};
  put(out, "since", company.since);
  put(out, "server", company.server);
  if (company.others > 0) out["criteria"] = to_json(company.query);
  put(out, "sentence", company.sentence);
  return out;
}

}  // namespace mailtrace
