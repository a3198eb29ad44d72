// libFuzzer: any bytes as an expression, at any moment of a small boot. What is refused has a place in the text; what is
// answered is answered the same again and changes nothing; what completion offers and a sheet shows can be asked.
#include "base/check.hpp"
#include "base/text.hpp"
#include "lab/presets.hpp"
#include "query/query.hpp"

#include <cstdint>
#include <memory>

using namespace mmscope;

namespace {

Lab &boot() {
  static const std::unique_ptr<Lab> lab = [] {
    auto l = std::make_unique<Lab>(make_script(*find_preset("tiny-128m")));
    while (!l->prepare(1000))
      ;
    return l;
  }();
  return *lab;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  std::string_view text{reinterpret_cast<const char *>(data), size};
  Lab &lab = boot();
  if (size != 0) { // the first byte says when
    lab.seek({lab.size() * data[0] / 255, static_cast<u64>(data[0] % 7), 0});
    text.remove_prefix(1);
  }
  const u64 digest = lab.digest();
  const QueryVariable variables[] = {{"given", {.kind = QueryValue::Kind::number, .number = 4096}}};
  const QueryAnswer a = ask(lab, text, variables);
  if (!a.ok()) {
    MM_CHECK(a.column >= 1 && a.column <= max_query_bytes + 1 && a.column <= text.size() + 1);
    MM_CHECK(a.value.kind == QueryValue::Kind::nothing);
  } else {
    MM_CHECK(ask(lab, text, variables).value == a.value);
    to_text(a.value);
    // In brackets it is the same.
    if (text.size() + 2 <= max_query_bytes)
      if (const QueryAnswer again = ask(lab, concat("(", text, ")"), variables); again.ok())
        MM_CHECK(again.value == a.value);
  }
  const Sheet s = inspect(lab, text);
  MM_CHECK(s.path.empty() != s.error.empty());
  if (!s.path.empty()) {
    MM_CHECK(inspect(lab, s.path).path == s.path && s.base <= s.end);
    for (const SheetField &f : s.fields) MM_CHECK(ask(lab, f.path).value == f.value);
    for (const SheetLink &l : s.links) MM_CHECK(inspect(lab, l.path).error.empty());
  }
  MM_CHECK(complete(lab, text, 7).size() <= 7);
  MM_CHECK(lab.digest() == digest);
  return 0;
}
