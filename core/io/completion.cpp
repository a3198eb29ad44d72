#include "io/completion.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace mmscope {
namespace {

constexpr std::string_view provenance[][2] = {
    {"caller", "kernel function that makes the call"},
    {"owner", "what the memory is for"},
    {"phase", "phase of the boot"},
};
constexpr std::string_view flag_words[] = {"hotplug", "mirror", "nomap", "driver_managed"};

struct Typed { // a word of the line
  std::string_view text;
  std::size_t at = 0;
  std::string_view key() const {
    const std::size_t equals = text.find('=');
    return equals == std::string_view::npos ? std::string_view() : text.substr(0, equals);
  }
};

// Words as io/script_text.hpp has them: a quote holds spaces together, # begins a comment. The last one is being typed
// and may be empty. False in a comment.
bool split(std::string_view line, std::vector<Typed> &words) {
  std::size_t begin = 0;
  bool quotes = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '\\' && quotes && i + 1 < line.size()) {
      ++i;
    } else if (c == '"') {
      quotes = !quotes;
    } else if (!quotes && c == '#') {
      return false;
    } else if (!quotes && (c == ' ' || c == '\t')) {
      if (i > begin) words.push_back({line.substr(begin, i - begin), begin});
      begin = i + 1;
    }
  }
  words.push_back({line.substr(begin), begin});
  return true;
}

} // namespace

std::string_view kind_text(ArgKind kind) {
  switch (kind) {
  case ArgKind::addr: return "address";
  case ArgKind::size: return "size";
  case ArgKind::num: return "number";
  case ArgKind::nid: return "node";
  case ArgKind::boolean: return "0 or 1";
  case ArgKind::text: return "text";
  case ArgKind::flags: return "flags";
  case ArgKind::value: return "address or a result's name";
  case ArgKind::page: return "page frame number or a result's name";
  case ArgKind::gfp: return "gfp flags";
  case ArgKind::slab: return "slab flags";
  }
  return {};
}

Completion complete_call(std::string_view line, std::span<const std::string> bindings, std::size_t most) {
  Completion c;
  std::vector<Typed> words;
  if (!split(line, words)) return c;
  const Typed &typed = words.back();
  c.from = typed.at;
  std::string_view beginning = typed.text;
  const auto offer = [&](std::string_view name, std::string_view end, std::string_view about) {
    if (c.candidates.size() < most && name.starts_with(beginning) && name.size() + end.size() > beginning.size())
      c.candidates.push_back({concat(name, end), std::string(about)});
  };

  if (words.size() == 1) {
    // Names that begin so come first, then those that hold it: "reserve" finds memblock_reserve.
    for (unsigned i = 0; i < op_count; ++i)
      offer(op_info(static_cast<Op>(i)).name, "", op_info(static_cast<Op>(i)).summary);
    for (unsigned i = 0; i < op_count && c.candidates.size() < most; ++i) {
      const OpInfo &info = op_info(static_cast<Op>(i));
      if (!info.name.starts_with(beginning) && info.name.find(beginning) != std::string_view::npos)
        c.candidates.push_back({std::string(info.name), std::string(info.summary)});
    }
    return c;
  }

  const std::optional<Op> op = find_op(words[0].text);
  if (!op) return c;
  const OpInfo &info = op_info(*op);
  c.call = info.name;
  c.summary = info.summary;
  for (const ArgInfo &a : info.args) c.signature.push_back({a.name, a.kind, a.must, false});
  const auto named = [&](std::string_view key) {
    return std::find_if(c.signature.begin(), c.signature.end(), [&](const SignaturePart &p) { return p.name == key; });
  };
  const auto next = [&] { // that a bare word is
    return std::find_if(c.signature.begin(), c.signature.end(),
                        [](const SignaturePart &p) { return p.must && !p.given; });
  };
  bool result = false; // behind ->
  std::vector<std::string_view> said;
  for (std::size_t i = 1; i + 1 < words.size(); ++i) {
    result = result || words[i].text.starts_with("->");
    const std::string_view key = words[i].key();
    const auto part = key.empty() ? next() : named(key);
    if (part != c.signature.end())
      part->given = true;
    else if (!key.empty())
      said.push_back(key);
  }
  if (result || typed.text.starts_with("->")) return c; // a new name is anybody's choice

  const std::string_view key = typed.key();
  const auto part = key.empty() ? next() : named(key);
  if (part != c.signature.end() && !part->given) c.current = static_cast<int>(part - c.signature.begin());
  if (!key.empty()) {
    c.from = typed.at + key.size() + 1;
    beginning.remove_prefix(key.size() + 1);
    if (key == "phase")
      for (unsigned p = 1; p < phase_count; ++p) offer(phase_name(static_cast<Phase>(p)), "", "phase of the boot");
  }
  // Values of the argument that is being typed, then names of the others.
  if (c.current >= 0) {
    const SignaturePart &now = c.signature[static_cast<std::size_t>(c.current)];
    if (may_be_bound(now.kind))
      for (std::size_t i = bindings.size(); i-- > 0;) offer(bindings[i], "", "result of a call before"); // latest first
    if (now.kind == ArgKind::flags || now.kind == ArgKind::gfp) {
      if (const std::size_t bar = beginning.rfind('|'); bar != std::string_view::npos) {
        c.from += bar + 1;
        beginning.remove_prefix(bar + 1);
      }
      if (now.kind == ArgKind::gfp)
        for (const GfpName &g : gfp_names()) offer(g.name, "", g.meaning);
      else
        for (const std::string_view flag : flag_words) offer(flag, "", "flag of a region");
    }
  }
  if (!key.empty()) return c;
  for (const SignaturePart &p : c.signature)
    if (!p.given) offer(p.name, "=", kind_text(p.kind));
  for (const auto &p : provenance)
    if (std::find(said.begin(), said.end(), p[0]) == said.end()) offer(p[0], "=", p[1]);
  return c;
}

} // namespace mmscope
