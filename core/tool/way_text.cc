// From each start down to the ends: one line a place, with the time it was reached. Main thread.
#include "core/tool/way_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.h"
#include "core/tool/result_table.h"
#include "core/tool/text_out.h"

namespace mailtrace {
namespace {

constexpr size_t most_recipients = 3;

class Drawer {
 public:
  Drawer(const Way& way, const Terminal& terminal, TextOut& out)
      : way_(way), terminal_(terminal), out_(out), drawn_(way.nodes.size(), false) {}

  void draw() {
    for (size_t i = 0; i < way_.nodes.size(); ++i)
      if (std::none_of(way_.edges.begin(), way_.edges.end(), [&](auto& edge) { return edge.to == i; }))
        start(i);
    // Loops have no start.
    for (size_t i = 0; i < way_.nodes.size(); ++i)
      if (!drawn_[i]) start(i);
  }

 private:
  void start(size_t at) {
    auto& node = way_.nodes[at];
    auto text = describe(node);
    if (node.from) text = terminal_.date_time(*node.from) + "  " + text;
    put("", text);
    drawn_[at] = true;
    last_date_ = node.from ? terminal_.date(*node.from) : "";
    children(at, "");
  }

  void children(size_t at, const std::string& indent) {
    std::vector<const WayEdge*> out;
    for (auto& edge : way_.edges)
      if (edge.from == at) out.push_back(&edge);
    std::stable_sort(out.begin(), out.end(), [](auto* a, auto* b) { return a->at < b->at; });
    for (size_t i = 0; i < out.size(); ++i) {
      bool last = i + 1 == out.size();
      step(*out[i], indent + (last ? "└─ " : "├─ "), indent + (last ? "   " : "│  "));
    }
  }

  void step(const WayEdge& edge, const std::string& branch, const std::string& indent) {
    auto& node = way_.nodes[edge.to];
    std::string text;
    if (edge.at) {
      auto date = terminal_.date(*edge.at);
      text = date == last_date_ ? terminal_.clock_time(*edge.at) : terminal_.date_time(*edge.at);
      last_date_ = date;
      text += "  ";
    }
    put(branch, text + symbol(edge, node) + describe(node) + about(edge, node));
    if (drawn_[edge.to]) return;
    drawn_[edge.to] = true;
    children(edge.to, indent);
  }

  std::string symbol(const WayEdge& edge, const WayNode& node) {
    if (node.mail || edge.status.empty())
      return edge.kind == "resend" ? fmt::format("{}: ", terminal_.say("resend")) : "";
    const char* text = edge.tone == Tone::good      ? "✓"
                       : edge.tone == Tone::bad     ? "✗"
                       : edge.tone == Tone::waiting ? "…"
                                                    : "?";
    return terminal_.paint(tone_colour(edge.tone), text) + " ";
  }

  std::string describe(const WayNode& node) {
    auto name = printable(node.name), detail = printable(node.detail);
    std::string words(terminal_.german ? node.words.de : node.words.en);
    switch (node.kind) {
      case WayNodeKind::client:
        return words + " " + name + (detail.empty() || detail == name ? "" : fmt::format(" [{}]", detail));
      case WayNodeKind::host:
        return fmt::format("{}  {}", terminal_.paint(Colour::bold, name), detail);
      case WayNodeKind::filter:
      case WayNodeKind::bounce:
      case WayNodeKind::refusal:
        return fmt::format("{}  {}{}({})", terminal_.paint(Colour::bold, name), detail,
                           detail.empty() ? "" : "  ", words);
      case WayNodeKind::mailbox:
        return words + " " + name +
               (detail.empty() ? "" : fmt::format(", {} {}", terminal_.say("folder"), detail));
      case WayNodeKind::alias:
        return words + " " + name;
      case WayNodeKind::outside:
        return name;
      case WayNodeKind::nowhere:
        return words;
    }
    return name;
  }

  // For whom, after how many attempts, how long it took.
  std::string about(const WayEdge& edge, const WayNode& node) {
    std::string out;
    if (!edge.recipients.empty() && node.kind != WayNodeKind::mailbox) {
      out += fmt::format("  {} ", terminal_.say("for"));
      for (size_t i = 0; i < std::min(edge.recipients.size(), most_recipients); ++i)
        out += (i ? ", " : "") + printable(edge.recipients[i]);
      if (edge.recipients.size() > most_recipients) out += fmt::format(" … ({})", edge.recipients.size());
    }
    if (edge.tone == Tone::bad || edge.tone == Tone::waiting)
      if (!edge.status.empty() && node.kind != WayNodeKind::nowhere)
        out += fmt::format(", {}", status_word(edge.status, terminal_));
    if (edge.attempts > 1) out += fmt::format(", {} {}", edge.attempts, terminal_.say("attempts"));
    if (node.kind != WayNodeKind::alias && (edge.kind == "forward" || edge.kind == "redirect"))
      out += fmt::format(", {}", terminal_.say("forward"));
    if (edge.seconds && *edge.seconds >= 0.1)
      out += fmt::format("  {} {}", terminal_.say("after"), human_duration(*edge.seconds));
    return out;
  }

  void put(const std::string& branch, const std::string& text) {
    auto indent = "  " + branch;
    // With colours the width of a line is not that of its bytes; such lines are left to the terminal.
    bool fits = terminal_.width == 0 || terminal_.colours || terminal_.width <= display_width(indent) + 20;
    out_.line(0, indent + (fits ? text : cut(text, terminal_.width - display_width(indent))));
  }

  const Way& way_;
  const Terminal& terminal_;
  TextOut& out_;
  std::vector<bool> drawn_;
  std::string last_date_;
};

}  // namespace

Colour tone_colour(Tone tone) {
  switch (tone) {
    case Tone::good:
      return Colour::green;
    case Tone::waiting:
      return Colour::yellow;
    case Tone::bad:
      return Colour::red;
    case Tone::neutral:
      return Colour::none;
  }
  return Colour::none;
}

void way_text(const Way& way, const Terminal& terminal, TextOut& out) { Drawer(way, terminal, out).draw(); }

}  // namespace mailtrace
