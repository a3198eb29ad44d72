// libFuzzer: any bytes as receipts. What cannot be read is refused with a place; what can is graded on a small lesson, which
// must not crash and must not accept anything but what an honest run would have written itself.
#include "base/check.hpp"
#include "base/text.hpp"
#include "io/script_text.hpp"
#include "lesson/receipt.hpp"

#include <cstdint>

using namespace mmscope;

namespace {

constexpr std::string_view lesson_text = R"({"format": 1, "id": "l", "title": "t", "machine": {"preset": "p"},
 "start": {"before": "memblock_free_all"},
 "steps": [{"id": "s", "prose": "p", "function": "f", "file": "f", "prediction": {"kind": "region",
   "of": "memblock.reserved", "ask": "a", "answer": "0x301000", "otherwise": {"why": "w"}, "right": "r",
   "hints": [{"level": "nudge", "text": "h"}], "try": [{"says": "0", "why": "w"}, {"says": "3M", "why": "w"}]}}],
 "exercise": {"prose": "p", "function": "f", "file": "f", "at": {"before": "memblock_free_all"},
   "goals": [{"id": "g", "text": "g", "holds": "memblock.reserved.cnt == 3"}],
   "wrong": [{"when": "memblock.memory.total_size < 16M", "why": "w"}], "otherwise": {"why": "w"},
   "finished": "memblock.reserved.cnt > 3", "hints": [{"level": "nudge", "text": "h"}], "solution": ["memblock_reserve 8M 1M"],
   "alternatives": [["memblock_reserve 9M 1M"], ["memblock_reserve 9M 2M"]],
   "wrong_ways": [{"calls": ["memblock_remove 0 1M"], "why": "w"}, {"calls": ["memblock_remove 0 2M"], "why": "w"},
                  {"calls": ["memblock_remove 0 3M"], "why": "w"}]}})";

struct Room {
  Lesson lesson = *parse_lesson(lesson_text).lesson;
  Lab lab{parse_script("memblock_add 0 16M nid=0\nmemblock_reserve 0 1M caller=setup_arch\n"
                       "memblock_reserve 0x301000 8\nmemblock_free_all\n")
              .script};
  Room() { lab.prepare(~u64{0}); }
};

std::string text_of(const Receipt &r) {
  std::string out;
  JsonWriter w(out);
  write_receipt(w, r);
  return out;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  static Room room;
  for (const ParsedReceipt &p : parse_receipts({reinterpret_cast<const char *>(data), size})) {
    MM_CHECK(p.receipt.has_value() != p.error.has_value());
    if (p.error) {
      MM_CHECK(p.error->line != 0 && p.error->column != 0 && !p.error->reason.empty());
      continue;
    }
    const Grade believed = regrade(*p.receipt, room.lesson, lesson_text, room.lab);
    MM_CHECK(believed.accepted == believed.reason.empty());
    // The same run with true digests: it is accepted if it comes to an end.
    LessonRun run(room.lesson, room.lab, p.receipt->seed, p.receipt->mode);
    run.replay(p.receipt->inputs);
    run.finish();
    const auto honest = receipt_of(run, lesson_text, p.receipt->name);
    MM_CHECK(honest.has_value() == run.done());
    if (!honest) continue;
    const std::vector<ParsedReceipt> again = parse_receipts(text_of(*honest));
    MM_CHECK(again.size() == 1 && again[0].receipt && text_of(*again[0].receipt) == text_of(*honest));
    const Grade g = regrade(*again[0].receipt, room.lesson, lesson_text, room.lab);
    MM_CHECK(g.accepted && g.points <= g.of && g.of == 2);
    MM_CHECK(!believed.accepted || text_of(*p.receipt) == text_of(*honest));
  }
  return 0;
}
