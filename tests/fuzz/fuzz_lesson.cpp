// libFuzzer: any bytes as a lesson, and as what a learner types. What can be read is played on a small boot: nothing
// may crash, what is refused has a place, and a replayed run ends as the run did.
#include "base/check.hpp"
#include "io/script_text.hpp"
#include "lesson/check.hpp"
#include "lesson/lesson_json.hpp"

#include <cstdint>

using namespace mmscope;

namespace {

Lab &small_boot() {
  static Lab *lab = [] {
    auto *made = new Lab(parse_script("memblock_add 0 16M nid=0\nmemblock_reserve 0 1M caller=setup_arch\n"
                                      "memblock_reserve 0x301000 8\nmemblock_free_all\n")
                             .script);
    made->prepare(~u64{0});
    return made;
  }();
  return *lab;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char *>(data), size};
  for (const AnswerKind kind : {AnswerKind::number, AnswerKind::pfn, AnswerKind::truth, AnswerKind::choice}) {
    const AnswerForm form{kind, kind == AnswerKind::pfn ? QueryUnit::pfn : QueryUnit::pages, 4096, 4096, {"same"}};
    MM_CHECK(read_answer(text, form).size() <= 2);
  }
  const ParsedLesson p = parse_lesson(text);
  MM_CHECK(p.lesson.has_value() != p.error.has_value());
  if (p.error) {
    MM_CHECK(p.error->line != 0 && p.error->column != 0 && !p.error->reason.empty());
    return 0;
  }
  Lab &lab = small_boot();
  LessonRun run(*p.lesson, lab, size);
  std::string out;
  for (std::size_t step = 0; step <= run.steps() && step < 8; ++step) {
    run.enter(step);
    run.answer("1 MiB");
    run.skip();
    run.hint();
    run.try_call("memblock_reserve 2M 4K -> a");
    run.try_call("memblock_free_all");
    run.undo_call();
    out.clear();
    JsonWriter w(out);
    write_step(w, run);
  }
  LessonRun again(*p.lesson, lab, size);
  again.replay(run.inputs());
  MM_CHECK(again.done() == run.done());
  return 0;
}
