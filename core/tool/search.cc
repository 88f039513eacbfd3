// `mailtrace search`: asks one database and shows a page of results, all of them, or new ones as they come.
// Main thread.
#include "core/tool/search.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>

#include "core/answer/deliveries.h"
#include "core/answer/proof.h"
#include "core/answer/understand.h"
#include "core/base/text.h"
#include "core/tool/pager.h"
#include "core/tool/reading_text.h"
#include "core/tool/setup.h"
#include "core/tool/text_out.h"
#include "core/tool/watch.h"

namespace mailtrace {
namespace {

constexpr size_t most_pasted = 256u << 10;
constexpr size_t most_gaps = 3;  // of each host

std::string standard_input() {
  std::string out(most_pasted, '\0');
  out.resize(std::fread(out.data(), 1, out.size(), stdin));
  return out;
}

class Search {
 public:
  Search(const Common& common, SearchRequest& request)
      : common_(common), r_(request), terminal_(Terminal::of_stdout()) {
    terminal_.utc = r_.utc;
    if (r_.width) terminal_.width = r_.width;
  }

  int run() {
    if (r_.all && r_.form() == Form::table) {
      fmt::print(stderr, "mailtrace: {}\n", terminal_.say("--all needs --json or --csv"));
      return exit_code::usage;
    }
    if (r_.paste == "-") r_.paste = standard_input();
    auto database = open_database(common_);
    if (!database.reader) return database.code;
    reader_ = std::move(database.reader);
    HeaderOptions words;
    words.zone = zone_of(terminal_);
    understood_ = understand(r_.paste, r_.query, words);
    if (understood_.id) return list_trace(*understood_.id);
    auto tries = understood_.tries;
    if (tries.empty()) tries.push_back(r_.query);
    return r_.watch ? watch_first(tries) : list_first(tries);
  }

 private:
  // Of what the text may mean, the first that finds something.
  int list_first(const std::vector<Query>& tries) {
    for (size_t at = 0; at < tries.size(); ++at) {
      auto query = tries[at];
      auto page = r_.all ? first_of_all(query) : turn_pages(query);
      if (!page) return print_error(page.error());
      if (page->hits.empty()) continue;
      if (r_.all) return print_all(*page, query, at);
      print_page(*page, at);
      return exit_code::found;
    }
    if (r_.form() == Form::table)
      print_paged(reading(0) + nothing_text(tries.front()), terminal_, !common_.no_pager);
    else
      fmt::print(stderr, "{}", reading(0));
    return exit_code::nothing;
  }

  int watch_first(const std::vector<Query>& tries) {
    // A tenth of the time for the walk over old mails.
    auto interval = std::chrono::duration_cast<std::chrono::milliseconds>(r_.interval);
    for (size_t at = 0;; ++at) {
      // None finds anything: the likeliest may later.
      bool is_last = at == tries.size();
      News news(*reader_, tries[is_last ? 0 : at], interval / 10);
      auto started = news.start(now());
      if (!started) return print_error(started.error());
      auto page = reader_->search(tries[is_last ? 0 : at]);
      if (!page) return print_error(page.error());
      if (page->hits.empty() && !is_last) continue;
      news.told(page->hits);
      std::reverse(page->hits.begin(), page->hits.end());
      say_reading(is_last ? 0 : at);
      if (terminal_.is_terminal)
        fmt::print(stderr, "{}\n\n",
                   terminal_.paint(Colour::dim,
                                   terminal_.say("New results appear as they come; Ctrl-C ends this.")));
      HitWriter writer(r_.form(), terminal_, deliveries_of());
      fmt::print("{}{}", writer.head(), writer.rows(page->hits));
      return watch(news, writer, terminal_, interval);
    }
  }

  // A page as it is shown, with how many attempts each hit stands for.
  struct Listed {
    std::vector<Hit> hits;
    std::vector<size_t> attempts;
    std::string next;

    void add(std::vector<DeliveryHit> rows) {
      for (auto& row : rows) {
        attempts.push_back(row.attempts.size());
        hits.push_back(std::move(row.hit));
      }
    }
  };

  Result<Listed> one_page(const Query& query) {
    Listed out;
    if (r_.by_delivery()) {
      auto page = search_deliveries(*reader_, query);
      if (!page) return page.error();
      out.add(std::move(page->rows));
      out.next = std::move(page->next);
    } else {
      auto page = reader_->search(query);
      if (!page) return page.error();
      out.hits = std::move(page->hits);
      out.next = std::move(page->next);
    }
    return out;
  }

  // The page that was asked for: every page before it is walked, as the way to it is only known from there.
  Result<Listed> turn_pages(Query query) {
    for (int at = 1;; ++at) {
      auto result = one_page(query);
      if (!result || at == r_.page) return result;
      if (result->next.empty()) return Listed{};
      query.after = result->next;
    }
  }

  Result<Listed> first_of_all(Query& query) {
    query.limit = 1000;
    return one_page(query);
  }

  int print_all(Listed page, Query query, size_t at) {
    say_reading(at);
    HitWriter writer(r_.form(), terminal_, deliveries_of());
    fmt::print("{}", writer.head());
    while (true) {
      fmt::print("{}", writer.rows(page.hits));
      if (page.next.empty()) return exit_code::found;
      query.after = page.next;
      auto more = one_page(query);
      if (!more) return print_error(more.error());
      page = std::move(*more);
    }
  }

  DeliveriesOf deliveries_of() {
    return [this](const Id& id) {
      auto trace = reader_->trace(id);
      for (auto& mail : trace ? trace->mails : std::vector<Mail>())
        if (mail.connect.id == id) return mail.deliveries;
      return std::vector<DeliverRow>();
    };
  }

  void print_page(const Listed& page, size_t at) {
    HitWriter writer(r_.form(), terminal_, deliveries_of());
    auto text = writer.head() + writer.rows(page.hits, page.attempts);
    if (r_.form() == Form::table) {
      print_paged(reading(at) + text + footer(page), terminal_, !common_.no_pager);
      return;
    }
    say_reading(at);
    print_paged(text, terminal_, !common_.no_pager);
    if (!page.next.empty()) fmt::print(stderr, "next: --after {}\n", page.next);
  }

  std::string footer(const Listed& page) const {
    auto out = fmt::format("{}, {} {}",
                           terminal_.counted(static_cast<int64_t>(page.hits.size()), "result", "results"),
                           terminal_.say("times in"), terminal_.zone(page.hits.front().connect.connect_time));
    if (!page.next.empty()) out += fmt::format("; {}: --page {}", terminal_.say("more"), r_.page + 1);
    return fmt::format("\n{}\n", terminal_.paint(Colour::dim, out));
  }

  // The head of the list.
  std::string reading(size_t at) const {
    auto text = reading_text(understood_, at, r_.query, terminal_);
    if (text.empty() || r_.form() != Form::table) return text;
    text.pop_back();
    return fmt::format("{}\n\n", terminal_.paint(Colour::dim, text));
  }
  // Where the results are for a program, or for ever.
  void say_reading(size_t at) const { fmt::print(stderr, "{}", reading(at)); }

  // The deliveries of one mail's way, for a pasted id of ours.
  int list_trace(const Id& id) {
    if (r_.watch) {
      fmt::print(stderr, "mailtrace: {}\n", terminal_.say("--watch needs a search, not one mail"));
      return exit_code::usage;
    }
    auto trace = reader_->trace(id);
    if (!trace) return print_error(trace.error());
    Listed page;
    std::vector<DeliveryHit> rows;
    auto add = [&](Hit hit) {
      if (r_.by_delivery())
        add_attempt(rows, std::move(hit));
      else
        page.hits.push_back(std::move(hit));
    };
    for (auto& mail : trace->mails) {
      if (mail.deliveries.empty()) add({mail.connect, std::nullopt});
      for (auto& delivery : mail.deliveries) add({mail.connect, delivery});
    }
    page.add(std::move(rows));
    if (!page.hits.empty()) print_page(page, 0);
    if (page.hits.empty() && r_.form() == Form::table) fmt::print("{}\n", terminal_.say("nothing found"));
    return page.hits.empty() ? exit_code::nothing : exit_code::found;
  }

  // Nothing found, why that is true, and what comes near.
  std::string nothing_text(const Query& query) {
    TextOut out(terminal_);
    out.line(0, terminal_.say("nothing found"));
    ProofOptions options;
    options.zone = zone_of(terminal_);
    options.read_now = true;
    auto proof = prove_nothing(*reader_, query, options);
    if (!proof) return out.take();
    auto say = [&](size_t indent, const Words& words) {
      out.wrapped(indent, printable(words.in(terminal_.german ? Language::german : Language::english)));
    };
    out.space();
    say(0, proof->sentence);
    for (auto& host : proof->hosts) {
      say(2, host.sentence);
      say(4, host.quiet);
      if (host.gaps.size() < 2) continue;
      auto longest = longest_gaps(host, most_gaps);
      for (auto& gap : longest)
        out.line(6, fmt::format("{} – {}", terminal_.date_time(gap.from), terminal_.date_time(gap.to)));
      if (auto more = static_cast<int64_t>(host.gaps.size() - longest.size()); more > 0)
        out.line(6, terminal_.counted(more, "shorter one", "shorter ones"));
    }
    for (auto& loss : proof->losses) say(2, loss.words);
    if (proof->near.empty()) return out.take();
    out.space();
    out.line(0, terminal_.say("What comes near"));
    for (auto& miss : proof->near) say(2, miss.words);
    return out.take();
  }

  const Common& common_;
  SearchRequest& r_;
  Terminal terminal_;
  std::unique_ptr<Reader> reader_;
  Understood understood_;
};

int search(const Common& common, SearchRequest& r) {
  static const std::map<std::string, Query::Sort> sorts{{"time", Query::Sort::time},
                                                        {"sender", Query::Sort::sender},
                                                        {"recipient", Query::Sort::recipient},
                                                        {"status", Query::Sort::status}};
  r.query.sort = sorts.at(r.sort);
  return read_times(r) ? Search(common, r).run() : exit_code::usage;
}

}  // namespace

void add_search(CLI::App& app, Common& common) {
  auto* command = app.add_subcommand(
      "search", both("Lists deliveries, newest first", "Listet Zustellungen auf, die neuesten zuerst"));
  auto r = std::make_shared<SearchRequest>();
  add_search_options(*command, *r);
  command->callback([r, &common] { common.code = search(common, *r); });
}

}  // namespace mailtrace
