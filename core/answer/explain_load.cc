// Reads conf/explanations/*.yaml. Any thread.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <list>
#include <map>
#include <set>

#include "core/answer/rule.h"
#include "core/base/text.h"
#include "core/config/schema.h"

namespace mailtrace {
namespace {

namespace fs = std::filesystem;
using List = std::vector<std::string>;

// The four texts of a statement as they stand in a file.
struct Texts {
  std::string en, de, admin_en, admin_de;
  Sentence sentence() const { return {{en, de}, {admin_en, admin_de}}; }
};

struct CategoryEntry {
  std::string name, actor = "nobody", customer_actor, next_en, next_de, given_up_en, given_up_de,
                    admin_next_en, admin_next_de;
  static std::span<const Option> options() {
    using C = CategoryEntry;
    static const std::vector<Option> table{
        required(option("name", &C::name, "as rules name it")),
        option("actor", &C::actor, "who must act"),
        option("customer_actor", &C::customer_actor, "the same as customers are told; default: actor"),
        option("next_en", &C::next_en, "what to do, for customers, in English"),
        option("next_de", &C::next_de, "the same in German"),
        option("given_up_en", &C::given_up_en, "instead of next_en once nobody tries again"),
        option("given_up_de", &C::given_up_de, "the same in German"),
        option("admin_next_en", &C::admin_next_en, "what to do, for admins, in English"),
        option("admin_next_de", &C::admin_next_de, "the same in German"),
    };
    return table;
  }
};

struct ServiceEntry {
  std::string name;
  List servers;
  static std::span<const Option> options() {
    using C = ServiceEntry;
    static const std::vector<Option> table{
        required(option("name", &C::name, "as rules name it")),
        required(option("servers", &C::servers, "names of its mail servers, *.example.org")),
    };
    return table;
  }
};

struct RuleEntry {
  std::string name, category, actor, customer_actor, en, de, admin_en, admin_de, next_en, next_de,
      admin_next_en, admin_next_de;
  List service, status, by, code, dsn, reply, example;
  int64_t weight = 0;
  static std::span<const Option> options() {
    using C = RuleEntry;
    static const std::vector<Option> table{
        required(option("name", &C::name, "unique")),
        required(option("category", &C::category, "one of categories:")),
        option("service", &C::service, "the answering server is one of these services"),
        option("status", &C::status, "stored status, one of these"),
        option("by", &C::by, "transport, or service that refused, one of these"),
        option("code", &C::code, "SMTP code, or how it starts"),
        option("dsn", &C::dsn, "enhanced code, x for any number"),
        option("reply", &C::reply, "texts in the answer, * for anything"),
        option("weight", &C::weight, -1, 1, "1: a name that leaves no doubt, -1: common words"),
        option("actor", &C::actor, "who must act; default: the category's"),
        option("customer_actor", &C::customer_actor, "the same as customers are told; default: actor"),
        required(option("en", &C::en, "for customers, in English")),
        required(option("de", &C::de, "for customers, in German")),
        required(option("admin_en", &C::admin_en, "for admins, in English")),
        required(option("admin_de", &C::admin_de, "for admins, in German")),
        option("next_en", &C::next_en, "what to do; default: the category's"),
        option("next_de", &C::next_de, "the same in German"),
        option("admin_next_en", &C::admin_next_en, "what to do, for admins"),
        option("admin_next_de", &C::admin_next_de, "the same in German"),
        required(option("example", &C::example, "real answers that this rule explains")),
    };
    return table;
  }
};

constexpr std::string_view placeholders[] = {"recipient",  "sender", "server", "domain", "sender_domain",
                                             "client",     "code",   "dsn",    "answer", "client_address",
                                             "our_server", "list",   "url"};
constexpr std::string_view statuses[] = {"sent",     "deferred", "bounced",    "expired",
                                         "rejected", "blocked",  "greylisted", "discarded",
                                         "filtered", "held",     "deleted"};

class Loader {
 public:
  void read(const fs::path& path) {
    ConfigErrors& errors = errors_.emplace_back(path.filename().string());
    std::ifstream in(path, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (!in.good() && !in.eof()) return errors.add(1, 1, "", "cannot be read");
    roots_.emplace_back();
    if (!load_yaml(text, roots_.back(), errors)) return;
    files_.push_back({path.filename().string(), &roots_.back(), &errors});
  }

  void build() {
    for (auto& file : files_) {
      if (file.root->kind != Node::Kind::map)
        file.errors->add(*file.root, "expected services, categories or rules");
      for (auto& part : file.root->children)
        if (part.key != "services" && part.key != "categories" && part.key != "rules")
          file.errors->add_at_key(part, "expected services, categories or rules");
    }
    each("services", [&](const File& file, const Node& node) { service(file, node); });
    each("categories", [&](const File& file, const Node& node) { category(file, node); });
    each("rules", [&](const File& file, const Node& node) { rule(file, node); });
  }

  std::vector<std::string> errors() const {
    std::vector<std::string> out;
    for (auto& errors : errors_)
      for (auto& line : errors.lines()) out.push_back(line);
    return out;
  }
  std::vector<Explanations::Rule> take() { return std::move(rules_); }

 private:
  struct File {
    std::string name;
    const Node* root;
    ConfigErrors* errors;
  };

  template <class Visit>
  void each(std::string_view part, Visit visit) {
    for (auto& file : files_) {
      auto* list = file.root->kind == Node::Kind::map ? file.root->find(part) : nullptr;
      if (!list) continue;
      if (list->kind != Node::Kind::list) {
        file.errors->add(*list, "expected a list");
        continue;
      }
      for (auto& node : list->children) visit(file, node);
    }
  }

  void service(const File& file, const Node& node) {
    ServiceEntry entry;
    decode_options(node, &entry, ServiceEntry::options(), *file.errors);
    for (auto& server : entry.servers) server = lower(server);
    if (!services_.emplace(entry.name, entry.servers).second)
      file.errors->add(node, "service given twice: " + entry.name);
  }

  void category(const File& file, const Node& node) {
    CategoryEntry entry;
    decode_options(node, &entry, CategoryEntry::options(), *file.errors);
    Explanation made;
    made.category = entry.name;
    if (!actor_of(entry.actor, made.actor)) file.errors->add(node, "actor: unknown: " + entry.actor);
    made.customer_actor = made.actor;
    if (!entry.customer_actor.empty() && !actor_of(entry.customer_actor, made.customer_actor))
      file.errors->add(node, "customer_actor: unknown: " + entry.customer_actor);
    made.next = Texts{entry.next_en, entry.next_de, entry.admin_next_en, entry.admin_next_de}.sentence();
    made.given_up = {entry.given_up_en, entry.given_up_de};
    check_texts(file, node, made.next);
    check_texts(file, node, {made.given_up, {}});
    if (!categories_.emplace(entry.name, made).second)
      file.errors->add(node, "category given twice: " + entry.name);
  }

  void rule(const File& file, const Node& node) {
    RuleEntry entry;
    auto before = file.errors->size();
    decode_options(node, &entry, RuleEntry::options(), *file.errors);
    if (file.errors->size() != before) return;
    Explanations::Rule made;
    made.file = file.name;
    made.line = node.line;
    auto& to = made.explanation;
    auto of = categories_.find(entry.category);
    if (of == categories_.end()) return report(file, node, "category", entry.category);
    to = of->second;
    to.rule = entry.name;
    if (!names_.insert(entry.name).second) file.errors->add(node, "rule given twice: " + entry.name);
    if (!entry.actor.empty()) {
      if (!actor_of(entry.actor, to.actor)) report(file, node, "actor", entry.actor);
      to.customer_actor = to.actor;
    }
    if (!entry.customer_actor.empty() && !actor_of(entry.customer_actor, to.customer_actor))
      report(file, node, "customer_actor", entry.customer_actor);
    to.text = Texts{entry.en, entry.de, entry.admin_en, entry.admin_de}.sentence();
    if (!entry.next_en.empty()) {
      to.next.customer = {entry.next_en, entry.next_de};
      to.given_up = {};
    }
    if (!entry.admin_next_en.empty()) to.next.admin = {entry.admin_next_en, entry.admin_next_de};
    check_texts(file, node, to.text);
    check_texts(file, node, to.next);
    criteria(file, node, entry, made);
    if (entry.example.empty()) file.errors->add(node, "example: expected at least one real answer");
    made.examples = std::move(entry.example);
    rules_.push_back(std::move(made));
  }

  void criteria(const File& file, const Node& node, const RuleEntry& entry, Explanations::Rule& to) {
    for (auto& name : entry.service) {
      auto of = services_.find(name);
      if (of == services_.end())
        report(file, node, "service", name);
      else
        to.service.insert(to.service.end(), of->second.begin(), of->second.end());
    }
    for (auto& status : entry.status)
      if (std::find(std::begin(statuses), std::end(statuses), status) == std::end(statuses))
        report(file, node, "status", status);
    for (auto& pattern : entry.reply) {
      to.reply.emplace_back(pattern);
      if (to.reply.back().literal() < 3) report(file, node, "reply (at least 3 characters)", pattern);
    }
    for (auto& dsn : entry.dsn)
      if (std::count(dsn.begin(), dsn.end(), '.') != 2) report(file, node, "dsn", dsn);
    to.status = entry.status;
    to.weight = static_cast<int>(entry.weight);
    to.by = entry.by;
    to.code = entry.code;
    to.dsn = entry.dsn;
    if (entry.service.empty() && entry.status.empty() && entry.by.empty() && entry.code.empty() &&
        entry.dsn.empty() && entry.reply.empty())
      file.errors->add(node, "expected at least one of service, status, by, code, dsn, reply");
  }

  static void report(const File& file, const Node& node, const char* what, const std::string& found) {
    file.errors->add(node, fmt::format("{}: not known or not valid: \"{}\"", what, found));
  }

  // Both languages or none; only placeholders that exist.
  static void check_texts(const File& file, const Node& node, const Sentence& sentence) {
    for (auto* words : {&sentence.customer, &sentence.admin}) {
      if (words->en.empty() != words->de.empty())
        file.errors->add(node, fmt::format("text in one language only: \"{}{}\"", words->en, words->de));
      for (auto* text : {&words->en, &words->de})
        for (size_t at = text->find('{'); at != std::string::npos; at = text->find('{', at + 1)) {
          auto name = std::string_view(*text).substr(at + 1, text->find('}', at) - at - 1);
          if (std::find(std::begin(placeholders), std::end(placeholders), name) == std::end(placeholders))
            file.errors->add(node, fmt::format("no placeholder {{{}}}", name));
        }
    }
  }

  std::list<ConfigErrors> errors_;
  std::list<Node> roots_;
  std::vector<File> files_;
  std::map<std::string, List> services_;
  std::map<std::string, Explanation> categories_;
  std::set<std::string> names_;
  std::vector<Explanations::Rule> rules_;
};

}  // namespace

Result<std::vector<Explanations::Rule>> load_rules(const std::string& directory) {
  std::error_code failed;
  std::vector<fs::path> files;
  for (auto& entry : fs::directory_iterator(directory, failed))
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  if (failed || files.empty())
    return Error{Fault::config, fmt::format("no explanations in {}: {}", directory,
                                            failed ? failed.message() : "no file ends in .yaml")};
  std::sort(files.begin(), files.end());
  Loader loader;
  for (auto& file : files) loader.read(file);
  loader.build();
  std::string text;
  for (auto& line : loader.errors())
    text += fmt::format("{}{}/{}", text.empty() ? "" : "\n", directory, line);
  if (!text.empty()) return Error{Fault::config, text};
  return loader.take();
}

void rows_of_reply(std::string_view text, ConnectRow& connect, DeliverRow& deliver) {
  if (text.starts_with('[') && text.find("] ") != std::string_view::npos) {
    deliver.status = text.substr(1, text.find("] ") - 1);
    text.remove_prefix(text.find("] ") + 2);
  }
  bool refusal =
      text.starts_with("NOQUEUE: ") || text.find(": reject: ") < 24 || text.find(": milter-reject: ") < 24;
  if (refusal) {
    connect.flags = row_flag::refused;
    connect.service = "smtpd";
    if (auto at = text.find(" from "); at != std::string_view::npos) {
      text.remove_prefix(at + 6);
      connect.client_name = text.substr(0, text.find('['));
      if (auto close = text.find(']'); close != std::string_view::npos) text.remove_prefix(close + 1);
      if (auto colon = text.find(": "); colon != std::string_view::npos) text.remove_prefix(colon + 2);
    }
    if (auto end = text.find("; from=<"); end != std::string_view::npos) text = text.substr(0, end);
    if (auto end = text.find("; proto="); end != std::string_view::npos) text = text.substr(0, end);
  }
  auto reply = read_reply(text);
  if (reply.code) deliver.smtp_code = reply.code;
  if (!reply.dsn.empty()) deliver.dsn = reply.dsn;
  if (text.starts_with("host ")) deliver.relay_name = text.substr(5, text.find('[') - 5);
  deliver.response = text;
  if (deliver.status) return;
  int kind = reply.code ? reply.code / 100 : reply.dsn.empty() ? 0 : reply.dsn[0] - '0';
  if (refusal)
    deliver.status = "rejected";
  else
    deliver.status = kind == 2 ? "sent" : kind == 5 ? "bounced" : "deferred";
}

}  // namespace mailtrace
