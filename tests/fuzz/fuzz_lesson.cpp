// libFuzzer: any bytes as a lesson, and as what a learner types. What can be read is played on a small boot: nothing
// may crash, what is refused has a place, and a replayed run ends as the run did.
#include "base/check.hpp"
#include "io/script_text.hpp"
#include "lesson/check.hpp"
#include "lesson/lesson_json.hpp"

#include <algorithm>
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
  Lab &lab = small_boot();
  for (std::size_t kind = 0; kind < answer_kinds.size(); ++kind) {
    AnswerForm form{.kind = static_cast<AnswerKind>(kind), .unit = QueryUnit::pages, .pfn_end = 4096};
    if (form.kind == AnswerKind::pfn) form.unit = QueryUnit::pfn;
    if (form.kind == AnswerKind::region) form.unit = QueryUnit::address;
    form.choices = {"same", "other", "third"};
    form.regions = regions_of(lab.state(), form.of);
    form.zones = {{"node[0].zone[DMA]", "DMA", 0, 1, 4096}, {"node[0].zone[Normal]", "Normal", 0, 0, 0}};
    const std::vector<QueryValue> all = read_answer(text, form);
    MM_CHECK(all.size() <= 2);
    // What we write ourselves is read as what it was.
    for (const QueryValue &v : all) {
      if (form.kind == AnswerKind::number) continue; // "1 page" of 4 KiB loses nothing, but "1.2 GiB" may
      const std::vector<QueryValue> again = read_answer(answer_text(v, form), form);
      MM_CHECK(std::find(again.begin(), again.end(), v) != again.end());
    }
  }
  const ParsedLesson p = parse_lesson(text);
  MM_CHECK(p.lesson.has_value() != p.error.has_value());
  if (p.error) {
    MM_CHECK(p.error->line != 0 && p.error->column != 0 && !p.error->reason.empty());
    return 0;
  }
  LessonRun run(*p.lesson, lab, size, size % 2 == 0 ? Mode::practice : Mode::exam);
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
    JsonWriter step_json(out);
    write_step(step_json, run);
  }
  out.clear();
  JsonWriter w(out);
  run.finish();
  write_results(w, run);
  LessonRun again(*p.lesson, lab, size, run.mode());
  MM_CHECK(again.replay(run.inputs()) == run.inputs().size());
  MM_CHECK(again.inputs() == run.inputs());
  MM_CHECK(again.done() == run.done());
  MM_CHECK(again.exercise_digest() == run.exercise_digest());
  return 0;
}
