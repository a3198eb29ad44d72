// The sentences of an autopsy in English. The page has words of its own: it links none of this.
#include "base/text.hpp"
#include "lab/autopsy.hpp"

#include <algorithm>

namespace mmscope {

namespace {

constexpr AutopsySentence sentences[] = {
#define AUTOPSY_SAYING(id, sentence) {id, sentence},
#include "lab/autopsy.def"
#undef AUTOPSY_SAYING
};

} // namespace

std::span<const AutopsySentence> autopsy_sentences() { return sentences; }

std::string to_text(const Saying &s) {
  const auto known =
      std::find_if(std::begin(sentences), std::end(sentences), [&](const AutopsySentence &a) { return a.id == s.id; });
  if (known == std::end(sentences)) return s.id;
  std::string out;
  std::string_view rest = known->sentence;
  while (true) {
    const std::size_t open = rest.find('{');
    out += rest.substr(0, open);
    if (open == std::string_view::npos) return out;
    const std::size_t close = rest.find('}', open);
    const std::string_view name = rest.substr(open + 1, close - open - 1);
    for (const Saying::Value &v : s.values)
      if (v.name == name) append(out, v.is_text ? v.text : concat(v.number));
    rest.remove_prefix(close + 1);
  }
}

} // namespace mmscope
